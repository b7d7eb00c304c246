// The demo's client, made of ethers only. usage: demo.mjs sign http URL ARGUMENTS | sign socket PATH ARGUMENTS | decode RAW | send URL TO WEI
import { IpcSocketProvider, JsonRpcProvider, Network, Transaction } from "ethers";

const [, , what, ...rest] = process.argv;

if (what === "sign") {
	const [transport, place, args] = rest;
	const network = Network.from(BigInt(JSON.parse(args).chainId));
	const settings = { staticNetwork: network };
	const provider = transport === "http" ? new JsonRpcProvider(place, network, settings) : new IpcSocketProvider(place, network, settings);
	const { raw } = await provider.send("account_signTransaction", [JSON.parse(args)]);
	console.log(raw);
	provider.destroy();
} else if (what === "send") {
	const [place, to, value] = rest;
	const provider = new JsonRpcProvider(place, undefined, { pollingInterval: 50 });
	const signer = await provider.getSigner();
	const sent = await signer.sendTransaction({ to, value: BigInt(value) });
	const { status, blockNumber } = await sent.wait(1, 10000);
	console.log(`transaction ${sent.hash} of ${signer.address}: status ${status}, block ${blockNumber}`);
	provider.destroy();
} else {
	const { from, to, value, nonce, gasLimit, gasPrice, maxFeePerGas, maxPriorityFeePerGas, chainId, type, hash } = Transaction.from(rest[0]);
	const fields = { type, chainId, nonce, from, to, value, gasLimit, gasPrice, maxFeePerGas, maxPriorityFeePerGas, hash };
	console.log(JSON.stringify(fields, (_, v) => (typeof v === "bigint" ? v.toString() : v)));
}
