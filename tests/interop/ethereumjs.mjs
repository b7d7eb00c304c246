// @ethereumjs/tx decodes and verifies; @metamask/eth-sig-util recovers messages. The requests go out with plain fetch, or over the socket.
import assert from "node:assert/strict";
import net from "node:net";
import { createTxFromRLP } from "@ethereumjs/tx";
import { recoverPersonalSignature } from "@metamask/eth-sig-util";
import { FROM, PLACE, TRANSPORT, asArguments, messageHex, run, sameTransaction } from "./lib.mjs";

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
		const got = createTxFromRLP(Buffer.from(raw.slice(2), "hex"));
		assert.ok(got.isSigned() && got.verifySignature(), name);
		assert.equal(got.getSenderAddress().toString(), FROM.toLowerCase(), name);
		assert.equal(bytesToHex(got.hash()), tx.hash, name);
		assert.equal(bytesToHex(got.serialize()), raw, name);
		const { chainId, accessList } = got.toJSON();
		sameTransaction(name, wanted, {
			type: got.type, chainId: got.type ? BigInt(chainId) : (got.v - 35n) / 2n, nonce: got.nonce, gas: got.gasLimit, value: got.value,
			to: got.to?.toString() ?? null, data: bytesToHex(got.data), gasPrice: got.type === 2 ? undefined : got.gasPrice,
			maxFeePerGas: got.maxFeePerGas, maxPriorityFeePerGas: got.maxPriorityFeePerGas, accessList: got.type ? accessList : undefined,
		});
	},
	signMessage: (text) => request("account_signData", "text/plain", FROM, messageHex(text)),
	checkMessage: (text, signature) => assert.equal(recoverPersonalSignature({ data: messageHex(text), signature }), FROM.toLowerCase()),
});
