// How many typed-data documents a second @metamask/eth-sig-util takes from JSON text to the digest that is signed (version 4).
// usage: node typed_data_bench.mjs SECONDS < DOCUMENT     prints the rate and the digest. Run by ../bench/bench_typed_data.py.
import { readFileSync } from "node:fs";
import { SignTypedDataVersion, TypedDataUtils } from "@metamask/eth-sig-util";

const BATCH = 10;
const seconds = Number(process.argv[2]);
const text = readFileSync(0, "utf8");
let digest;

function run(limit) {
	const start = performance.now();
	let count = 0;
	let elapsed = 0;
	for (; elapsed < limit * 1000; count += BATCH, elapsed = performance.now() - start)
		for (let i = 0; i < BATCH; i++) digest = TypedDataUtils.eip712Hash(JSON.parse(text), SignTypedDataVersion.V4);
	return (count * 1000) / elapsed;
}

run(seconds / 2); // compiled by now
console.log(run(seconds).toFixed(0), Buffer.from(digest).toString("hex"));
