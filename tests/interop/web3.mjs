// web3.js: its HTTP and IPC providers, its transaction factory and recovery.
import assert from "node:assert/strict";
import { Web3 } from "web3";
import { IpcProvider } from "web3-providers-ipc";
import { TransactionFactory } from "web3-eth-accounts";
import { CHAIN, FROM, PLACE, TRANSPORT, asArguments, messageHex, run, sameTransaction } from "./lib.mjs";

const web3 = new Web3(TRANSPORT === "ipc" ? new IpcProvider(PLACE) : PLACE);
const bytesToHex = (bytes) => "0x" + Buffer.from(bytes).toString("hex");

await run({
	signTransaction: (tx) => web3.requestManager.send({ method: "account_signTransaction", params: [asArguments(tx)] }),
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
	signMessage: (text) => web3.requestManager.send({ method: "account_signData", params: ["text/plain", FROM, messageHex(text)] }),
	checkMessage: (text, signature) => assert.equal(web3.eth.accounts.recover(messageHex(text), signature), FROM),
});
process.exit(0);
