// What the JavaScript clients share: the transactions that each asks the signer for, and how the answers are compared.
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
	"1559, largest value": { type: 2, ...common, to: TO, nonce: 4294967296, maxFeePerGas: 2n ** 64n, maxPriorityFeePerGas: 1n, value: 2n ** 256n - 1n, accessList: [] },
};

export const MESSAGES = ["hello", "", "grüße, 世界 🎉", "a\nb\0c", "x".repeat(2000)];

export const hex = (number) => "0x" + BigInt(number).toString(16);
export const messageHex = (text) => "0x" + Buffer.from(text).toString("hex");

// The arguments of account_signTransaction, as a client without a formatter of its own writes them.
export function asArguments(tx) {
	const args = { from: FROM, to: tx.to, chainId: hex(tx.chainId), nonce: hex(tx.nonce), gas: hex(tx.gas), value: hex(tx.value), data: tx.data };
	for (const name of ["gasPrice", "maxFeePerGas", "maxPriorityFeePerGas"]) if (tx[name] !== undefined) args[name] = hex(tx[name]);
	if (tx.accessList) args.accessList = tx.accessList;
	if (!tx.to) delete args.to;
	return args;
}

// Compare every field of what a library decoded with what was asked for. A field that the type does not have must be absent or null.
export function sameTransaction(name, wanted, got) {
	const plain = (value) =>
		value === undefined ? null
		: typeof value === "bigint" || typeof value === "number" ? BigInt(value).toString()
		: typeof value === "string" ? value.toLowerCase()
		: Array.isArray(value) ? value.map(plain)
		: value === null ? null
		: Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]));
	for (const field of ["type", "chainId", "nonce", "gas", "value", "data", "to", "gasPrice", "maxFeePerGas", "maxPriorityFeePerGas", "accessList"]) {
		assert.deepEqual(plain(got[field]), plain(wanted[field]), `${name}: ${field}`);
	}
}

// Run a client: sign(args) asks the signer, check(name, wanted, answer) decodes it with the library.
export async function run({ signTransaction, checkTransaction, signMessage, checkMessage }) {
	let done = 0;
	for (const [name, tx] of Object.entries(CASES)) {
		await checkTransaction(name, tx, await signTransaction(tx));
		console.log(`ok ${++done} - ${name}`);
	}
	for (const text of MESSAGES) {
		await checkMessage(text, await signMessage(text));
		console.log(`ok ${++done} - message ${JSON.stringify(text.slice(0, 20))}`);
	}
	console.log(`1..${done}`);
}

export const [, , TRANSPORT, PLACE] = process.argv; // "http" and a URL, or "ipc" and the path of the socket
