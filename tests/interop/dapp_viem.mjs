// A dapp made with viem beside clef-proxy: its wallet actions with an account that lives elsewhere. usage: dapp_viem.mjs URL [COUNT DENIED,...]
import assert from "node:assert/strict";
import { UserRejectedRequestError, createWalletClient, http, publicActions, recoverMessageAddress, recoverTransactionAddress, recoverTypedDataAddress } from "viem";
import { foundry } from "viem/chains";
import { ABI, CHAIN, CODE, DOCUMENTS, FROM, PLACE, SUPPLY, TO, WORDS, finish, inFlight, step } from "./dapp.mjs";

const client = createWalletClient({ account: FROM, chain: foundry, transport: http(PLACE, { retryCount: 0, timeout: 20000 }), pollingInterval: 50 }).extend(publicActions);
const [count, denied] = [Number(WORDS[0] ?? 10), (WORDS[1] ?? "").split(",").filter(Boolean).map(Number)];
let token;

async function mined(hash, wanted = {}) {
	const receipt = await client.waitForTransactionReceipt({ hash, timeout: 20000 });
	assert.equal(receipt.status, "success");
	const tx = await client.getTransaction({ hash });
	assert.equal(tx.from.toLowerCase(), FROM.toLowerCase());
	for (const [name, value] of Object.entries(wanted)) assert.deepEqual(tx[name], value, name);
	return { receipt, tx };
}

await step("accounts and chain", async () => {
	assert.ok((await client.requestAddresses()).includes(FROM));
	assert.ok((await client.getAddresses()).includes(FROM));
	assert.equal(await client.getChainId(), CHAIN);
});
await step("wallet methods", async () => {
	assert.equal((await client.requestPermissions({ eth_accounts: {} }))[0].parentCapability, "eth_accounts");
	await client.switchChain({ id: CHAIN });
	await assert.rejects(client.switchChain({ id: 10 }), { code: 4902 });
	const capabilities = await client.getCapabilities();
	assert.equal(capabilities[CHAIN].atomic.status, "unsupported");
	await assert.rejects(client.sendCalls({ calls: [{ to: TO, value: 1n }] }), (error) => error.walk((e) => e.code === 4200) !== null);
});
await step("plain transfer", async () => {
	const before = await client.getBalance({ address: TO });
	const { tx } = await mined(await client.sendTransaction({ to: TO, value: 777n }), { value: 777n, type: "eip1559", input: "0x" });
	assert.equal(await recoverTransactionAddress({ serializedTransaction: await client.request({ method: "eth_getRawTransactionByHash", params: [tx.hash] }) }), FROM);
	assert.equal(await client.getBalance({ address: TO }), before + 777n);
});
await step("legacy transfer", () => client.sendTransaction({ to: TO, value: 2n, type: "legacy", gasPrice: 10n ** 10n }).then((hash) =>
	mined(hash, { type: "legacy", gasPrice: 10n ** 10n, value: 2n })));
await step("transfer with fees, gas and nonce of its own", async () => {
	const own = { gas: 40000n, maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 5n, nonce: await client.getTransactionCount({ address: FROM, blockTag: "pending" }) };
	await mined(await client.sendTransaction({ to: TO, value: 3n, ...own }), own);
});
await step("contract creation", async () => {
	const { receipt } = await mined(await client.deployContract({ abi: ABI, bytecode: CODE }), { to: null });
	token = { address: receipt.contractAddress, abi: ABI };
	assert.equal(await client.readContract({ ...token, functionName: "balanceOf", args: [FROM] }), SUPPLY);
});
await step("token transfer", async () => {
	await mined(await client.writeContract({ ...token, functionName: "transfer", args: [TO, 1000n] }));
	assert.equal(await client.readContract({ ...token, functionName: "balanceOf", args: [TO] }), 1000n);
});
await step(`${count} at once`, () => inFlight(count, denied, {
	send: (value) => client.sendTransaction({ to: TO, value }),
	refused: (error) => error.walk((e) => e instanceof UserRejectedRequestError) !== null,
	nonceOf: async (hash) => (await mined(hash)).tx.nonce,
}));
await step("message", async () => {
	for (const message of ["hello", "grüße 🎉", ""]) assert.equal(await recoverMessageAddress({ message, signature: await client.signMessage({ message }) }), FROM);
});
await step("typed data", async () => {
	for (const document of Object.values(DOCUMENTS)) {
		const here = { ...document, domain: { ...document.domain, chainId: CHAIN } };
		assert.equal(await recoverTypedDataAddress({ ...here, signature: await client.signTypedData(here) }), FROM);
	}
});
finish();
