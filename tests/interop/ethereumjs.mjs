// @ethereumjs/tx decodes and verifies; @metamask/eth-sig-util recovers messages, typed data and authorizations. The requests go out with plain fetch, or over the socket.
import assert from "node:assert/strict";
import net from "node:net";
import { Common, Hardfork, Mainnet } from "@ethereumjs/common";
import { createTxFromRLP } from "@ethereumjs/tx";
import { concatSig, recoverEIP7702Authorization, recoverPersonalSignature, recoverTypedSignature } from "@metamask/eth-sig-util";
import { FROM, PLACE, TRANSPORT, asArguments, messageHex, run, sameTransaction, wireDocument } from "./lib.mjs";

// A blob transaction by hashes needs no KZG, but the library wants to be given some.
const kzg = new Proxy({}, { get: (_, name) => () => assert.fail(`${String(name)} was called`) });
const common = new Common({ chain: Mainnet, hardfork: Hardfork.Prague, customCrypto: { kzg } });

const bytesToHex = (bytes) => "0x" + Buffer.from(bytes).toString("hex");

async function overHttp(body) {
	const answer = await fetch(PLACE, { method: "POST", headers: { "Content-Type": "application/json" }, body });
	return answer.json();
}

// One connection a request: write, close our side, read to the end.
function overSocket(body) {
	return new Promise((resolve, reject) => {
		const socket = net.createConnection({ path: PLACE, allowHalfOpen: true });
		let text = "";
		socket.on("error", reject).on("data", (chunk) => (text += chunk)).on("end", () => resolve(JSON.parse(text)) || socket.destroy());
		socket.end(body);
	});
}

async function request(method, ...params) {
	const body = JSON.stringify({ jsonrpc: "2.0", id: "interop", method, params });
	const { result, error } = await (TRANSPORT === "ipc" ? overSocket(body) : overHttp(body));
	assert.equal(error, undefined, `${method}: ${JSON.stringify(error)}`);
	return result;
}

await run({
	signTransaction: (tx) => request("account_signTransaction", asArguments(tx)),
	checkTransaction(name, wanted, { raw, tx }) {
		const got = createTxFromRLP(Buffer.from(raw.slice(2), "hex"), { common });
		assert.ok(got.isSigned() && got.verifySignature(), name);
		assert.equal(got.getSenderAddress().toString(), FROM.toLowerCase(), name);
		assert.equal(bytesToHex(got.hash()), tx.hash, name);
		assert.equal(bytesToHex(got.serialize()), raw, name);
		const { chainId, accessList } = got.toJSON();
		sameTransaction(name, wanted, {
			type: got.type, chainId: got.type ? BigInt(chainId) : (got.v - 35n) / 2n, nonce: got.nonce, gas: got.gasLimit, value: got.value,
			to: got.to?.toString() ?? null, data: bytesToHex(got.data), gasPrice: got.type >= 2 ? undefined : got.gasPrice,
			maxFeePerGas: got.maxFeePerGas, maxPriorityFeePerGas: got.maxPriorityFeePerGas, accessList: got.type ? accessList : undefined,
			maxFeePerBlobGas: got.maxFeePerBlobGas, blobVersionedHashes: got.blobVersionedHashes,
		});
	},
	signMessage: (text) => request("account_signData", "text/plain", FROM, messageHex(text)),
	checkMessage: (text, signature) => assert.equal(recoverPersonalSignature({ data: messageHex(text), signature }), FROM.toLowerCase()),
	signTypedData: (document) => request("account_signTypedData", FROM, document),
	checkTypedData: (document, signature) => assert.equal(recoverTypedSignature({ data: wireDocument(document), signature, version: "V4" }), FROM.toLowerCase()),
	signAuthorization: (fields) => request("account_signAuthorization", FROM, fields),
	async checkAuthorization({ chainId, address, nonce }, answer) {
		const signature = concatSig(Buffer.from([27 + Number(answer.yParity)]), Buffer.from(answer.r.slice(2).padStart(64, "0"), "hex"), Buffer.from(answer.s.slice(2).padStart(64, "0"), "hex"));
		assert.equal(recoverEIP7702Authorization({ authorization: [chainId, address, nonce], signature }), FROM.toLowerCase());
		assert.deepEqual(await request("eth_signAuthorization", FROM, { address, chainId: answer.chainId, nonce: answer.nonce }), answer);
	},
	eth: {
		async start() {
			assert.ok((await request("eth_accounts")).includes(FROM.toLowerCase()));
			assert.equal(await request("eth_chainId"), "0x1");
			assert.match(await request("health_status"), /^clef\//);
		},
		signTransaction: (tx) => request("eth_signTransaction", asArguments(tx)),
		signMessage: async (text) => [await request("personal_sign", messageHex(text), FROM), await request("eth_sign", FROM, messageHex(text))],
		signTypedData: async (document) => [
			await request("eth_signTypedData_v4", FROM, JSON.stringify(wireDocument(document))),
			await request("eth_signTypedData", FROM, wireDocument(document)),
		],
	},
});
