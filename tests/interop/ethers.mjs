// ethers 6: its JSON-RPC and IPC providers carry the requests, its signer makes those by the standard names, its classes decode and recover.
import assert from "node:assert/strict";
import { IpcSocketProvider, JsonRpcProvider, Network, Signature, Transaction, verifyAuthorization, verifyMessage, verifyTypedData } from "ethers";
import { CHAIN, FROM, PLACE, TRANSPORT, asArguments, messageHex, run, sameTransaction, wireDocument } from "./lib.mjs";

const network = Network.from(CHAIN);
const settings = { staticNetwork: network };
const provider = TRANSPORT === "ipc" ? new IpcSocketProvider(PLACE, network, settings) : new JsonRpcProvider(PLACE, network, settings);
const signatureOf = ({ yParity, r, s }) => Signature.from({ yParity: Number(yParity), r, s });
let signer;

await run({
	signTransaction: (tx) => provider.send("account_signTransaction", [asArguments(tx)]),
	checkTransaction(name, wanted, { raw, tx }) {
		const got = Transaction.from(raw);
		assert.equal(got.from, FROM, name);
		assert.equal(got.hash, tx.hash, name);
		sameTransaction(name, wanted, {
			...got.toJSON(), type: got.type, chainId: got.chainId, nonce: got.nonce, gas: got.gasLimit, value: got.value, to: got.to, data: got.data,
			gasPrice: got.type >= 2 ? null : got.gasPrice, maxFeePerGas: got.maxFeePerGas, maxPriorityFeePerGas: got.maxPriorityFeePerGas,
			accessList: got.type === 0 ? undefined : got.accessList, maxFeePerBlobGas: got.maxFeePerBlobGas, blobVersionedHashes: got.blobVersionedHashes,
		});
		if (wanted.type === 4) assert.equal(verifyAuthorization(got.authorizationList[0], got.authorizationList[0].signature), FROM, name);
	},
	signMessage: (text) => provider.send("account_signData", ["text/plain", FROM, messageHex(text)]),
	checkMessage: (text, signature) => assert.equal(verifyMessage(text, signature), FROM),
	signTypedData: (document) => provider.send("account_signTypedData", [FROM, document]),
	checkTypedData: ({ domain, types, message }, signature) => assert.equal(verifyTypedData(domain, types, message, signature), FROM),
	signAuthorization: (fields) => provider.send("account_signAuthorization", [FROM, fields]),
	async checkAuthorization(wanted, answer) {
		assert.equal(verifyAuthorization(wanted, signatureOf(answer)), FROM);
		assert.deepEqual(await provider.send("eth_signAuthorization", [FROM, { ...wanted, chainId: answer.chainId, nonce: answer.nonce }]), answer);
	},
	eth: {
		async start() {
			signer = await provider.getSigner(FROM); // asks for the accounts
			assert.equal(signer.address, FROM);
			assert.equal(BigInt(await provider.send("eth_chainId", [])), BigInt(CHAIN));
		},
		signTransaction({ gas, authorizationList, ...tx }) {
			// Its signer leaves maxFeePerBlobGas out of what it sends.
			if (tx.type === 3) return provider.send("eth_signTransaction", [asArguments({ gas, ...tx })]);
			const list = authorizationList?.map(({ chainId, address, nonce, ...rest }) => ({ chainId, address, nonce, signature: signatureOf(rest) }));
			return signer.signTransaction({ ...tx, gasLimit: gas, ...(list && { authorizationList: list }) });
		},
		signMessage: async (text) => [await signer.signMessage(text), await signer._legacySignMessage(text)],
		signTypedData: async (document) => [
			await signer.signTypedData(document.domain, document.types, document.message),
			await provider.send("eth_signTypedData", [FROM, wireDocument(document)]),
		],
	},
});
provider.destroy();
