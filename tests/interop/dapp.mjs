// What the dapps of the Qubes test bed share: a token to deploy, documents to sign, and a row of transactions of which a person denies some.
import assert from "node:assert/strict";

export { FROM, DOCUMENTS } from "./lib.mjs";
export const CHAIN = 31337;
export const TO = "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826";
export const SUPPLY = 10n ** 18n;
export const ABI = [
	{ type: "constructor", inputs: [], stateMutability: "nonpayable" },
	{ type: "function", name: "transfer", stateMutability: "nonpayable", inputs: [{ name: "to", type: "address" }, { name: "value", type: "uint256" }], outputs: [{ name: "", type: "bool" }] },
	{ type: "function", name: "balanceOf", stateMutability: "view", inputs: [{ name: "owner", type: "address" }], outputs: [{ name: "", type: "uint256" }] },
];

// The token, in words of the virtual machine: balances lie at the owner's address, the creator starts with all of them.
const OPS = { SUB: "03", ADD: "01", LT: "10", EQ: "14", SHR: "1c", CALLER: "33", CALLDATALOAD: "35", CODECOPY: "39", MSTORE: "52", SLOAD: "54", SSTORE: "55",
	JUMPI: "57", JUMPDEST: "5b", DUP1: "80", DUP3: "82", SWAP1: "90", RETURN: "f3", REVERT: "fd" };
const MARKS = { "@transfer": "00", "@balance": "00", "@fail": "00" };
const assembled = (text) => text.trim().split(/\s+/).map((word) =>
	word.startsWith("@") ? "60" + MARKS[word] : word.endsWith(":") ? OPS.JUMPDEST : OPS[word] ?? (0x5f + word.length / 2).toString(16) + word).join("");
const RUNTIME = `
	00 CALLDATALOAD e0 SHR DUP1 a9059cbb EQ @transfer JUMPI 70a08231 EQ @balance JUMPI 00 DUP1 REVERT
	transfer: 24 CALLDATALOAD DUP1 CALLER SLOAD LT @fail JUMPI
		DUP1 CALLER SLOAD SUB CALLER SSTORE
		04 CALLDATALOAD DUP1 SLOAD DUP3 ADD SWAP1 SSTORE
		01 00 MSTORE 20 00 RETURN
	balance: 04 CALLDATALOAD SLOAD 00 MSTORE 20 00 RETURN
	fail: 00 DUP1 REVERT`;
for (const mark of Object.keys(MARKS)) {
	const before = assembled(RUNTIME.slice(0, RUNTIME.indexOf(`${mark.slice(1)}:`)));
	MARKS[mark] = (before.length / 2).toString(16).padStart(2, "0");
}
const code = assembled(RUNTIME);
const size = (code.length / 2).toString(16);
const head = (at) => assembled(`${SUPPLY.toString(16).padStart(16, "0")} CALLER SSTORE ${size} DUP1 ${at} 00 CODECOPY 00 RETURN`);
export const CODE = "0x" + head((head("00").length / 2).toString(16).padStart(2, "0")) + code;

/*
 * Many transactions at once from one account: 1001 wei, 1002 wei and so on. The person denies those whose value is in `denied`; the rest must all be mined, which they are
 * only if their nonces leave no gap. send(value) answers a hash or rejects; refused(error): was that a denial by the person; nonceOf(hash) waits for it to be mined.
 */
export async function inFlight(count, denied, { send, refused, nonceOf }) {
	const values = Array.from({ length: count }, (_, i) => 1001 + i);
	const outcomes = await Promise.allSettled(values.map((value) => send(BigInt(value))));
	const nonces = [];
	for (const [i, { status, value, reason }] of outcomes.entries()) {
		if (denied.includes(values[i])) {
			assert.equal(status, "rejected", `${values[i]} wei was denied`);
			assert.ok(refused(reason), `${values[i]} wei: ${reason}`);
		} else {
			assert.equal(status, "fulfilled", `${values[i]} wei: ${reason}`);
			nonces.push(await nonceOf(value));
		}
	}
	nonces.sort((a, b) => a - b);
	assert.deepEqual(nonces, nonces.map((_, i) => nonces[0] + i), "no nonce twice, none left out");
}

let done = 0;
export async function step(name, work) {
	await work();
	console.log(`ok ${++done} - ${name}`);
}
export const finish = () => console.log(`1..${done}`);

export const [, , PLACE, ...WORDS] = process.argv; // the URL, and more of the test's choice
