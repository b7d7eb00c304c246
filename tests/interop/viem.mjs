// viem: its HTTP and IPC transports and its formatter for requests; its parser and recovery for the answers.
import assert from "node:assert/strict";
import { createClient, formatTransactionRequest, http, keccak256, parseTransaction, recoverMessageAddress, recoverTransactionAddress } from "viem";
import { ipc } from "viem/node";
import { FROM, PLACE, TRANSPORT, hex, messageHex, run, sameTransaction } from "./lib.mjs";

const client = createClient({ transport: TRANSPORT === "ipc" ? ipc(PLACE, { reconnect: false }) : http(PLACE, { retryCount: 0 }) });
const types = ["legacy", "eip2930", "eip1559"];

await run({
	signTransaction(tx) {
		const { type, chainId, ...fields } = formatTransactionRequest({ ...tx, from: FROM, type: types[tx.type] });
		return client.request({ method: "account_signTransaction", params: [{ ...fields, chainId: hex(tx.chainId), type }] }, { retryCount: 0 });
	},
	async checkTransaction(name, wanted, { raw, tx }) {
		const got = parseTransaction(raw);
		assert.equal(await recoverTransactionAddress({ serializedTransaction: raw }), FROM, name);
		assert.equal(keccak256(raw), tx.hash, name);
		assert.equal(got.type, types[wanted.type], name);
		// viem leaves out what is zero or empty
		sameTransaction(name, wanted, {
			...got, type: wanted.type, nonce: got.nonce ?? 0, value: got.value ?? 0n, data: got.data ?? "0x", gasPrice: got.gasPrice ?? (wanted.type < 2 ? 0n : undefined),
			maxPriorityFeePerGas: got.maxPriorityFeePerGas ?? (wanted.type === 2 ? 0n : undefined),
			accessList: got.accessList?.map(({ address, storageKeys }) => ({ address, storageKeys })) ?? (wanted.type ? [] : undefined),
		});
	},
	signMessage: (text) => client.request({ method: "account_signData", params: ["text/plain", FROM, messageHex(text)] }),
	checkMessage: async (text, signature) => assert.equal(await recoverMessageAddress({ message: text, signature }), FROM),
});
process.exit(0); // its IPC transport keeps the socket open
