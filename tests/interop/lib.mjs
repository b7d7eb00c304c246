// What the JavaScript clients share: what each asks the signer for, by Clef's names and by the standard ones, and how the answers are compared.
import assert from "node:assert/strict";

export const FROM = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const TO = "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826";
const TOKEN = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23";
export const CHAIN = 1;

// transfer(address,uint256)
const CALL = "0xa9059cbb" + TO.slice(2).toLowerCase().padStart(64, "0") + "0de0b6b3a7640000".padStart(64, "0");
const CODE = "0x60806040" + "5b".repeat(100);
const LIST = [
	{ address: TOKEN, storageKeys: ["0x" + "00".repeat(31) + "01", "0x" + "ff".repeat(32)] },
	{ address: TO, storageKeys: [] },
];
const common = { chainId: CHAIN, nonce: 7, gas: 90000n, value: 10n ** 18n, data: "0x" };

const HASHES = ["0x01b0761f87b081d5cf10757ccc89f12be355c70e2e29df288b65b30710dcbcd1", "0x01" + "ab".repeat(31)];

export const CASES = {
	"legacy": { type: 0, ...common, to: TO, gasPrice: 10n ** 9n },
	"legacy, calldata": { type: 0, ...common, to: TOKEN, gasPrice: 1n, value: 0n, data: CALL },
	"legacy, contract creation": { type: 0, ...common, to: null, gasPrice: 10n ** 9n, value: 0n, data: CODE },
	"legacy, all zero": { type: 0, chainId: CHAIN, nonce: 0, gas: 21000n, value: 0n, data: "0x", to: TO, gasPrice: 0n },
	"2930": { type: 1, ...common, to: TO, gasPrice: 10n ** 9n, accessList: LIST },
	"2930, empty list": { type: 1, ...common, to: TO, gasPrice: 10n ** 9n, accessList: [] },
	"2930, contract creation": { type: 1, ...common, to: null, gasPrice: 5n, value: 0n, data: CODE, accessList: LIST },
	"1559": { type: 2, ...common, to: TO, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n, accessList: [] },
	"1559, list and calldata": { type: 2, ...common, to: TOKEN, maxFeePerGas: 3n, maxPriorityFeePerGas: 0n, value: 0n, data: CALL, accessList: LIST },
	"4844 by hashes": { type: 3, ...common, to: TO, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n, accessList: LIST, maxFeePerBlobGas: 10n ** 12n, blobVersionedHashes: HASHES },
	"1559, largest value": { type: 2, ...common, to: TO, nonce: 4294967296, maxFeePerGas: 2n ** 64n, maxPriorityFeePerGas: 1n, value: 2n ** 256n - 1n, accessList: [] },
};

// The case of a transaction with an authorization (EIP-7702), which is signed by itself before.
export const AUTHORIZATION = { chainId: CHAIN, address: TOKEN, nonce: 8 };
export const setCode = (authorization) => ({ type: 4, ...common, to: TO, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n, accessList: [], authorizationList: [authorization] });

const person = [{ name: "name", type: "string" }, { name: "wallets", type: "address[]" }];
export const DOCUMENTS = {
	mail: {
		domain: { name: "Ether Mail", version: "1", chainId: CHAIN, verifyingContract: TOKEN },
		types: { Person: person, Mail: [{ name: "from", type: "Person" }, { name: "to", type: "Person[]" }, { name: "contents", type: "string" }] },
		primaryType: "Mail",
		message: { from: { name: "Cow", wallets: [FROM] }, to: [{ name: "Bob", wallets: [TO, TOKEN] }, { name: "Ann", wallets: [] }], contents: "Hello, Bob! 🎉" },
	},
	permits: {
		domain: { name: "Permit2", chainId: CHAIN, verifyingContract: "0x000000000022D473030F116dDEE9F6B43aC78BA3" },
		types: {
			PermitDetails: [{ name: "token", type: "address" }, { name: "amount", type: "uint160" }, { name: "expiration", type: "uint48" }, { name: "nonce", type: "uint48" }],
			PermitBatch: [{ name: "details", type: "PermitDetails[]" }, { name: "spender", type: "address" }, { name: "sigDeadline", type: "uint256" }],
		},
		primaryType: "PermitBatch",
		message: {
			details: [
				{ token: TOKEN, amount: (2n ** 160n - 1n).toString(), expiration: "1900000000", nonce: "0" },
				{ token: TO, amount: "1", expiration: "1900000000", nonce: "7" },
			],
			spender: TO, sigDeadline: (2n ** 256n - 1n).toString(),
		},
	},
};
const fields = { name: "string", version: "string", chainId: "uint256", verifyingContract: "address" };
// The document with EIP712Domain listed, as it goes over the wire.
export const wireDocument = (document) => ({
	...document, types: { EIP712Domain: Object.keys(document.domain).map((name) => ({ name, type: fields[name] })), ...document.types },
});

export const MESSAGES = ["hello", "", "grüße, 世界 🎉", "a\nb\0c", "x".repeat(2000)];

export const hex = (number) => "0x" + BigInt(number).toString(16);
export const messageHex = (text) => "0x" + Buffer.from(text).toString("hex");

// The arguments of account_signTransaction, as a client without a formatter of its own writes them.
export function asArguments(tx) {
	const args = { from: FROM, to: tx.to, chainId: hex(tx.chainId), nonce: hex(tx.nonce), gas: hex(tx.gas), value: hex(tx.value), data: tx.data };
	for (const name of ["gasPrice", "maxFeePerGas", "maxPriorityFeePerGas", "maxFeePerBlobGas"]) if (tx[name] !== undefined) args[name] = hex(tx[name]);
	for (const name of ["accessList", "blobVersionedHashes"]) if (tx[name]) args[name] = tx[name];
	if (tx.authorizationList) args.authorizationList = tx.authorizationList.map(wireAuthorization);
	if (!tx.to) delete args.to;
	return args;
}

export const wireAuthorization = ({ chainId, address, nonce, yParity, r, s }) => ({ chainId: hex(chainId), address, nonce: hex(nonce), yParity: hex(yParity), r, s });

// Compare every field of what a library decoded with what was asked for. A field that the type does not have must be absent or null.
export function sameTransaction(name, wanted, got) {
	const plain = (value) =>
		value === undefined ? null
		: typeof value === "bigint" || typeof value === "number" ? BigInt(value).toString()
		: typeof value === "string" ? value.toLowerCase()
		: Array.isArray(value) ? value.map(plain)
		: value === null ? null
		: Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]));
	for (const field of ["type", "chainId", "nonce", "gas", "value", "data", "to", "gasPrice", "maxFeePerGas", "maxPriorityFeePerGas", "accessList", "maxFeePerBlobGas", "blobVersionedHashes"]) {
		assert.deepEqual(plain(got[field]), plain(wanted[field]), `${name}: ${field}`);
	}
}

/*
 * Run a client. By Clef's names: signTransaction(tx), signMessage(text), signTypedData(document), signAuthorization(fields). By the standard ones, with all
 * that the library does by itself: eth.signTransaction(tx) answers the raw transaction, eth.signMessage(text) and eth.signTypedData(document) answer lists of
 * signatures, each asked for in another way, eth.start() whatever comes first. check…() decode with the library; types: the transactions that it can decode.
 */
export async function run({ eth, types = [0, 1, 2, 3, 4], ...clef }) {
	let done = 0;
	const ok = (name) => console.log(`ok ${++done} - ${name}`);
	await eth.start();
	ok("accounts and chain");
	for (const text of MESSAGES) {
		const signatures = [await clef.signMessage(text), ...(await eth.signMessage(text))];
		assert.equal(new Set(signatures).size, 1);
		await clef.checkMessage(text, signatures[0]);
		ok(`message ${JSON.stringify(text.slice(0, 20))}`);
	}
	for (const [name, document] of Object.entries(DOCUMENTS)) {
		const signatures = [await clef.signTypedData(wireDocument(document)), ...(await eth.signTypedData(document))];
		assert.equal(new Set(signatures).size, 1, name);
		await clef.checkTypedData(document, signatures[0]);
		ok(`typed data: ${name}`);
	}
	const cases = { ...CASES };
	if (types.includes(4)) {
		const authorization = await clef.signAuthorization({ ...AUTHORIZATION, chainId: hex(CHAIN), nonce: hex(8) });
		await clef.checkAuthorization(AUTHORIZATION, authorization);
		ok("authorization");
		cases["7702"] = setCode({ ...AUTHORIZATION, yParity: Number(authorization.yParity), r: authorization.r, s: authorization.s });
	}
	for (const [name, tx] of Object.entries(cases).filter(([, tx]) => types.includes(tx.type))) {
		const answer = await clef.signTransaction(tx);
		assert.equal(await eth.signTransaction(tx), answer.raw, name);
		await clef.checkTransaction(name, tx, answer);
		ok(name);
	}
	console.log(`1..${done}`);
}

export const [, , TRANSPORT, PLACE] = process.argv; // "http" and a URL, or "ipc" and the path of the socket
