// Blob transactions with their blobs: ethers, viem and @ethereumjs/tx read both network forms (EIP-4844, EIP-7594) and recover who signed.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Common, Mainnet } from "@ethereumjs/common";
import { createBlob4844TxFromSerializedNetworkWrapper } from "@ethereumjs/tx";
import { Transaction } from "ethers";
import { keccak256, parseTransaction, recoverTransactionAddress } from "viem";
import { FROM, PLACE } from "./lib.mjs";

const TO = "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826";
// The library insists on checking proofs itself; here only its reading counts, the proofs are compared with other programs elsewhere.
const kzg = { verifyBlobProofBatch: () => true, verifyCellKzgProofBatch: () => true, computeCells: () => Array(128).fill("0x00") };
const common = new Common({ chain: Mainnet, hardfork: "osaka", customCrypto: { kzg } });

// Below the modulus: the first byte of each field element stays 0.
const blob = (seed) => "0x" + Array.from({ length: 4096 }, (_, n) => "00" + createHash("sha256").update(`${seed} ${n}`).digest("hex").slice(2)).join("");
const versionedHash = (commitment) => "0x01" + createHash("sha256").update(Buffer.from(commitment.slice(2), "hex")).digest("hex").slice(2);

async function signTransaction(fields) {
	const tx = {
		from: FROM, to: TO, gas: "0x15f90", nonce: "0x7", value: "0x1", chainId: "0x1", maxFeePerGas: "0x77359400", maxPriorityFeePerGas: "0x1",
		maxFeePerBlobGas: "0x3b9aca00", data: "0x1234", accessList: [{ address: TO, storageKeys: ["0x" + "11".repeat(32)] }], ...fields,
	};
	const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "account_signTransaction", params: [tx] });
	const answer = await fetch(PLACE, { method: "POST", headers: { "Content-Type": "application/json" }, body });
	const { result, error } = await answer.json();
	assert.equal(error, undefined, JSON.stringify(error));
	return result;
}

function readByEthers({ raw, tx }, cells) {
	const got = Transaction.from(raw);
	assert.equal(got.from, FROM);
	assert.equal(got.hash, tx.hash);
	assert.equal(got.to, TO);
	assert.equal(got.maxFeePerBlobGas, 10n ** 9n);
	assert.deepEqual(got.blobVersionedHashes, tx.blobVersionedHashes);
	assert.deepEqual(got.blobs.map(({ data, commitment }) => [data, commitment]), tx.blobs.map((data, i) => [data, tx.commitments[i]]));
	if (!cells) assert.deepEqual(got.blobs.map(({ proof }) => proof), tx.proofs);
	assert.equal(got.serialized, raw);
}

async function readByViem({ raw, tx }, cells) {
	if (cells) {
		// It knows one proof a blob alone: so it reads the same transaction by its hashes.
		const alone = await signTransaction({ blobVersionedHashes: tx.blobVersionedHashes });
		assert.equal(await recoverTransactionAddress({ serializedTransaction: alone.raw }), FROM);
		assert.equal(keccak256(alone.raw), tx.hash);
		return;
	}
	const got = parseTransaction(raw);
	assert.equal(await recoverTransactionAddress({ serializedTransaction: raw }), FROM);
	assert.deepEqual(got.sidecars.map((s) => [s.blob, s.commitment, s.proof]), tx.blobs.map((b, i) => [b, tx.commitments[i], tx.proofs[i]]));
	assert.deepEqual(got.blobVersionedHashes, tx.blobVersionedHashes);
	assert.equal(got.maxFeePerBlobGas, 10n ** 9n);
}

function readByEthereumjs({ raw, tx }, cells) {
	const bytes = Buffer.from(raw.slice(2), "hex");
	const got = createBlob4844TxFromSerializedNetworkWrapper(Uint8Array.from(bytes), { common });
	assert.ok(got.isSigned() && got.verifySignature());
	assert.equal(got.getSenderAddress().toString(), FROM.toLowerCase());
	assert.equal("0x" + Buffer.from(got.hash()).toString("hex"), tx.hash);
	assert.equal(got.networkWrapperVersion, cells ? 1 : 0);
	assert.deepEqual([got.blobs, got.kzgCommitments, got.kzgProofs], [tx.blobs, tx.commitments, tx.proofs]);
	assert.equal("0x" + Buffer.from(got.serializeNetworkWrapper()).toString("hex"), raw);
}

let done = 0;
for (const [name, fields] of [["one proof a blob", {}], ["128 cell proofs a blob", { blobVersion: 1 }]]) {
	for (const count of [1, 3]) {
		const answer = await signTransaction({ blobs: Array.from({ length: count }, (_, n) => blob(n)), ...fields });
		const cells = fields.blobVersion === 1;
		assert.deepEqual(answer.tx.blobVersionedHashes, answer.tx.commitments.map(versionedHash));
		assert.equal(answer.tx.proofs.length, count * (cells ? 128 : 1));
		for (const [library, read] of Object.entries({ ethers: readByEthers, viem: readByViem, "@ethereumjs/tx": readByEthereumjs })) {
			await read(answer, cells);
			console.log(`ok ${++done} - ${library}: ${count} blobs, ${name}`);
		}
	}
}
console.log(`1..${done}`);
