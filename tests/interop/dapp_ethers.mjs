// A dapp made with ethers 6 beside clef-proxy: all that its signer does by itself. usage: dapp_ethers.mjs URL [COUNT DENIED,...]
import assert from "node:assert/strict";
import { Contract, ContractFactory, JsonRpcProvider, Transaction, getAddress, isError, verifyMessage, verifyTypedData } from "ethers";
import { ABI, CHAIN, CODE, DOCUMENTS, FROM, PLACE, SUPPLY, TO, WORDS, finish, inFlight, step } from "./dapp.mjs";

const provider = new JsonRpcProvider(PLACE, undefined, { polling: true, pollingInterval: 50, cacheTimeout: -1 });
const [count, denied] = [Number(WORDS[0] ?? 10), (WORDS[1] ?? "").split(",").filter(Boolean).map(Number)];
let signer, token;

// What is mined must be what was asked for, signed by our account.
async function mined(sent, wanted) {
	const receipt = await sent.wait(1, 10000);
	assert.equal(receipt.status, 1);
	const tx = await provider.getTransaction(sent.hash);
	assert.equal(tx.from, FROM);
	assert.equal(Transaction.from(tx).hash, sent.hash);
	for (const [name, value] of Object.entries(wanted)) assert.deepEqual(tx[name], value, name);
	return receipt;
}

await step("accounts and chain", async () => {
	assert.equal(BigInt((await provider.getNetwork()).chainId), BigInt(CHAIN));
	assert.ok((await provider.send("eth_requestAccounts", [])).map(getAddress).includes(FROM));
	signer = await provider.getSigner(FROM);
	assert.equal(signer.address, FROM);
});
await step("plain transfer", async () => {
	const before = await provider.getBalance(TO);
	await mined(await signer.sendTransaction({ to: TO, value: 12345n }), { to: TO, value: 12345n, data: "0x", type: 2 });
	assert.equal(await provider.getBalance(TO), before + 12345n);
});
await step("legacy transfer", async () => {
	const gasPrice = 10n ** 10n;
	await mined(await signer.sendTransaction({ to: TO, value: 2n, gasPrice, type: 0 }), { to: TO, value: 2n, gasPrice, type: 0 });
});
await step("transfer with an access list", async () => {
	const accessList = [{ address: TO, storageKeys: ["0x" + "00".repeat(31) + "01"] }];
	await mined(await signer.sendTransaction({ to: TO, value: 3n, accessList, type: 1, gasPrice: 10n ** 10n }), { value: 3n, type: 1, accessList });
});
await step("transfer with fees of its own", async () => {
	const fees = { maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 7n };
	await mined(await signer.sendTransaction({ to: TO, value: 4n, ...fees, gasLimit: 50000n }), { ...fees, gasLimit: 50000n, type: 2 });
});
await step("contract creation", async () => {
	token = await new ContractFactory(ABI, CODE, signer).deploy();
	await token.waitForDeployment();
	assert.equal(await token.balanceOf(FROM), SUPPLY);
});
await step("token transfer", async () => {
	await mined(await token.transfer(TO, 1000n), { to: await token.getAddress(), value: 0n });
	assert.equal(await token.balanceOf(TO), 1000n);
});
await step("a transfer that the contract reverts is not sent", async () => {
	const before = await provider.getTransactionCount(FROM, "pending");
	await assert.rejects(new Contract(token.target, ABI, signer).transfer(TO, SUPPLY));
	assert.equal(await provider.getTransactionCount(FROM, "pending"), before);
});
await step(`${count} at once`, () => inFlight(count, denied, {
	send: async (value) => (await signer.sendUncheckedTransaction({ to: TO, value })),
	refused: (error) => isError(error, "ACTION_REJECTED") || error.error?.code === 4001,
	nonceOf: async (hash) => {
		assert.equal((await provider.waitForTransaction(hash, 1, 20000)).status, 1);
		return (await provider.getTransaction(hash)).nonce;
	},
}));
await step("message", async () => {
	for (const text of ["hello", "grüße 🎉", ""]) assert.equal(verifyMessage(text, await signer.signMessage(text)), FROM);
});
await step("typed data", async () => {
	for (const { domain, types, message } of Object.values(DOCUMENTS)) {
		const here = { ...domain, chainId: CHAIN };
		assert.equal(verifyTypedData(here, types, message, await signer.signTypedData(here, types, message)), FROM);
	}
});
finish();
provider.destroy();
