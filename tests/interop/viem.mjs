// viem: its HTTP and IPC transports, its formatter for requests and its wallet actions; its parser and recovery for the answers.
import assert from "node:assert/strict";
import {
	createWalletClient, formatTransactionRequest, http, keccak256, parseTransaction, publicActions, recoverMessageAddress, recoverTransactionAddress,
	recoverTypedDataAddress,
} from "viem";
import { mainnet } from "viem/chains";
import { ipc } from "viem/node";
import { recoverAuthorizationAddress } from "viem/utils";
import { CHAIN, FROM, PLACE, TRANSPORT, asArguments, hex, messageHex, run, sameTransaction, wireDocument } from "./lib.mjs";

const transport = TRANSPORT === "ipc" ? ipc(PLACE, { reconnect: false }) : http(PLACE, { retryCount: 0 });
const client = createWalletClient({ account: FROM, chain: mainnet, transport }).extend(publicActions);
const types = ["legacy", "eip2930", "eip1559", "eip4844", "eip7702"];
const request = (method, ...params) => client.request({ method, params }, { retryCount: 0 });
const walletSign = async (type, data) => (await request("wallet_sign", { version: "1.0", address: FROM, request: { type, data } })).signature;

await run({
	signTransaction(tx) {
		if (tx.type > 2) return request("account_signTransaction", asArguments(tx));
		const { type, chainId, ...fields } = formatTransactionRequest({ ...tx, from: FROM, type: types[tx.type] });
		return request("account_signTransaction", { ...fields, chainId: hex(tx.chainId), type });
	},
	async checkTransaction(name, wanted, { raw, tx }) {
		const got = parseTransaction(raw);
		assert.equal(await recoverTransactionAddress({ serializedTransaction: raw }), FROM, name);
		assert.equal(keccak256(raw), tx.hash, name);
		assert.equal(got.type, types[wanted.type], name);
		// viem leaves out what is zero or empty
		sameTransaction(name, wanted, {
			...got, type: wanted.type, nonce: got.nonce ?? 0, value: got.value ?? 0n, data: got.data ?? "0x", gasPrice: got.gasPrice ?? (wanted.type < 2 ? 0n : undefined),
			maxPriorityFeePerGas: got.maxPriorityFeePerGas ?? (wanted.type >= 2 ? 0n : undefined),
			accessList: got.accessList?.map(({ address, storageKeys }) => ({ address, storageKeys })) ?? (wanted.type ? [] : undefined),
		});
		if (wanted.type === 4) assert.equal(await recoverAuthorizationAddress({ authorization: got.authorizationList[0] }), FROM, name);
	},
	signMessage: (text) => request("account_signData", "text/plain", FROM, messageHex(text)),
	checkMessage: async (text, signature) => assert.equal(await recoverMessageAddress({ message: text, signature }), FROM),
	signTypedData: (document) => request("account_signTypedData", FROM, document),
	checkTypedData: async (document, signature) => assert.equal(await recoverTypedDataAddress({ ...document, signature }), FROM),
	signAuthorization: (fields) => request("account_signAuthorization", FROM, fields),
	async checkAuthorization({ address, chainId, nonce }, answer) {
		const authorization = { address, chainId, nonce, r: answer.r, s: answer.s, yParity: Number(answer.yParity) };
		assert.equal(await recoverAuthorizationAddress({ authorization }), FROM);
		assert.deepEqual(await request("eth_signAuthorization", FROM, { address, chainId: hex(chainId), nonce: hex(nonce) }), answer);
	},
	eth: {
		async start() {
			assert.ok((await client.getAddresses()).includes(FROM));
			assert.ok((await client.requestAddresses()).includes(FROM));
			assert.equal(await client.getChainId(), CHAIN);
			assert.deepEqual(await client.getCapabilities(), { [CHAIN]: { atomic: { status: "unsupported" } } });
			await assert.rejects(client.sendCalls({ calls: [] }), { name: /Unsupported|MethodNotSupported|TransactionExecution/ });
		},
		signTransaction: ({ type, chainId, ...tx }) => client.signTransaction({ ...tx, type: types[type] }),
		signMessage: async (text) => [await client.signMessage({ message: text }), await walletSign("0x45", { message: text })],
		signTypedData: async (document) => [await client.signTypedData(document), await walletSign("0x01", wireDocument(document))],
	},
});
process.exit(0); // its IPC transport keeps the socket open
