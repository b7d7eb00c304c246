// ethers 6: its JSON-RPC and IPC providers carry the requests, its Transaction class decodes the answers.
import assert from "node:assert/strict";
import { IpcSocketProvider, JsonRpcProvider, Network, Transaction, verifyMessage } from "ethers";
import { CHAIN, FROM, PLACE, TRANSPORT, asArguments, messageHex, run, sameTransaction } from "./lib.mjs";

const network = Network.from(CHAIN);
const settings = { staticNetwork: network };
const provider = TRANSPORT === "ipc" ? new IpcSocketProvider(PLACE, network, settings) : new JsonRpcProvider(PLACE, network, settings);

await run({
	signTransaction: (tx) => provider.send("account_signTransaction", [asArguments(tx)]),
	checkTransaction(name, wanted, { raw, tx }) {
		const got = Transaction.from(raw);
		assert.equal(got.from, FROM, name);
		assert.equal(got.hash, tx.hash, name);
		sameTransaction(name, wanted, {
			...got.toJSON(), type: got.type, chainId: got.chainId, nonce: got.nonce, gas: got.gasLimit, value: got.value, to: got.to, data: got.data,
			gasPrice: got.type === 2 ? null : got.gasPrice, maxFeePerGas: got.maxFeePerGas, maxPriorityFeePerGas: got.maxPriorityFeePerGas,
			accessList: got.type === 0 ? undefined : got.accessList,
		});
	},
	signMessage: (text) => provider.send("account_signData", ["text/plain", FROM, messageHex(text)]),
	checkMessage: (text, signature) => assert.equal(verifyMessage(text, signature), FROM),
});
provider.destroy();
