// web3.js: its HTTP and IPC providers and its eth and personal modules, its transaction factory and recovery. It knows no blob and no set-code transactions.
import assert from "node:assert/strict";
import { Web3 } from "web3";
import { IpcProvider } from "web3-providers-ipc";
import { TransactionFactory } from "web3-eth-accounts";
import { Personal } from "web3-eth-personal";
import { recoverTypedSignature } from "@metamask/eth-sig-util";
import { CHAIN, FROM, PLACE, TRANSPORT, asArguments, messageHex, run, sameTransaction, wireDocument } from "./lib.mjs";

const web3 = new Web3(TRANSPORT === "ipc" ? new IpcProvider(PLACE) : PLACE);
const personal = new Personal(web3.provider);
const bytesToHex = (bytes) => "0x" + Buffer.from(bytes).toString("hex");
const request = (method, ...params) => web3.requestManager.send({ method, params });

await run({
	types: [0, 1, 2],
	signTransaction: (tx) => request("account_signTransaction", asArguments(tx)),
	checkTransaction(name, wanted, { raw, tx }) {
		assert.equal(web3.eth.accounts.recoverTransaction(raw), FROM, name);
		const got = TransactionFactory.fromSerializedData(Buffer.from(raw.slice(2), "hex"));
		assert.equal(bytesToHex(got.hash()), tx.hash, name);
		sameTransaction(name, wanted, {
			type: got.type, chainId: got.type ? got.chainId : (got.v - 35n) / 2n, nonce: got.nonce, gas: got.gasLimit, value: got.value,
			to: got.to?.toString() ?? null, data: bytesToHex(got.data), gasPrice: got.type === 2 ? undefined : got.gasPrice,
			maxFeePerGas: got.maxFeePerGas, maxPriorityFeePerGas: got.maxPriorityFeePerGas,
			accessList: got.AccessListJSON ?? got.accessList?.map(([a, keys]) => ({ address: bytesToHex(a), storageKeys: keys.map(bytesToHex) })),
		});
		assert.equal(CHAIN, wanted.chainId);
	},
	signMessage: (text) => request("account_signData", "text/plain", FROM, messageHex(text)),
	checkMessage: (text, signature) => assert.equal(web3.eth.accounts.recover(messageHex(text), signature), FROM),
	signTypedData: (document) => request("account_signTypedData", FROM, document),
	// It hashes typed data itself nowhere.
	checkTypedData: (document, signature) => assert.equal(recoverTypedSignature({ data: wireDocument(document), signature, version: "V4" }), FROM.toLowerCase()),
	eth: {
		async start() {
			assert.ok((await web3.eth.getAccounts()).includes(FROM));
			assert.ok((await web3.eth.requestAccounts()).includes(FROM.toLowerCase()));
			assert.equal(await web3.eth.getChainId(), BigInt(CHAIN));
			assert.match(await web3.eth.getNodeInfo(), /^clef\//);
		},
		signTransaction: (tx) => request("eth_signTransaction", asArguments(tx)),
		signMessage: async (text) => [await personal.sign(messageHex(text), FROM, "not looked at"), await web3.eth.sign(messageHex(text), FROM)],
		signTypedData: async (document) => [await web3.eth.signTypedData(FROM, wireDocument(document)), await web3.eth.signTypedData(FROM, wireDocument(document), true)],
	},
});
process.exit(0);
