//! alloy drives the signer: its providers carry the requests (HTTP or the socket), its Web3Signer client asks for transactions by the standard name, its
//! decoders and its recovery check what comes back. usage: clef-interop-alloy http|ipc URL-OR-PATH

use std::error::Error;

use alloy_consensus::{transaction::SignerRecoverable, Transaction, TxEnvelope, Typed2718};
use alloy_eips::{
    eip2718::{Decodable2718, Encodable2718},
    eip2930::{AccessList, AccessListItem},
    eip7702::{Authorization, SignedAuthorization},
};
use alloy_network::TransactionBuilder;
use alloy_primitives::{address, b256, bytes, hex, Address, Bytes, Signature, TxKind, B256, U256};
use alloy_provider::{IpcConnect, Provider, ProviderBuilder, Web3Signer};
use alloy_rpc_types_eth::{TransactionInput, TransactionRequest};
use alloy_sol_types::{eip712_domain, sol, SolStruct};
use serde_json::{json, Value};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const FROM: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
const TO: Address = address!("CD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826");
const TOKEN: Address = address!("2c7536E3605D9C16a7a3D7b1898e529396a65c23");
const BLOB: B256 = b256!("01b0761f87b081d5cf10757ccc89f12be355c70e2e29df288b65b30710dcbcd1");
const CHAIN: u64 = 1;

sol! {
    struct Person { string name; address[] wallets; }
    struct Mail { Person from; Person[] to; string contents; uint256 amount; }
}

/// One line for each thing that was checked, as the other clients print them.
#[derive(Default)]
struct Tally(usize);

impl Tally {
    fn ok(&mut self, name: &str) {
        self.0 += 1;
        println!("ok {} - {name}", self.0);
    }
}

fn access_list() -> AccessList {
    AccessList(vec![
        AccessListItem { address: TOKEN, storage_keys: vec![B256::with_last_byte(1), B256::repeat_byte(0xff)] },
        AccessListItem { address: TO, storage_keys: vec![] },
    ])
}

fn request() -> TransactionRequest {
    TransactionRequest {
        chain_id: Some(CHAIN),
        nonce: Some(7),
        gas: Some(90_000),
        value: Some(U256::from(10u64.pow(18))),
        to: Some(TxKind::Call(TO)),
        ..Default::default()
    }
}

fn dynamic() -> TransactionRequest {
    TransactionRequest { max_fee_per_gas: Some(10_000_000_000), max_priority_fee_per_gas: Some(1_000_000_000), ..request() }
}

/// What is asked for, with the type that has to come back.
fn transactions(authorization: SignedAuthorization) -> Vec<(&'static str, u8, TransactionRequest)> {
    let call = TransactionInput::new(bytes!(
        "a9059cbb000000000000000000000000cd2a3d9f938e13cd947ec05abc7fe734df8dd8260000000000000000000000000000000000000000000000000de0b6b3a7640000"
    ));
    let code = TransactionInput::new([&hex!("60806040")[..], &[0x5b; 100]].concat().into());
    let legacy = TransactionRequest { gas_price: Some(1_000_000_000), ..request() };

    vec![
        ("legacy", 0, legacy.clone()),
        ("legacy, calldata", 0, TransactionRequest { to: Some(TxKind::Call(TOKEN)), value: Some(U256::ZERO), input: call, ..legacy.clone() }),
        ("2930", 1, TransactionRequest { access_list: Some(access_list()), ..legacy.clone() }),
        ("2930, empty list", 1, TransactionRequest { access_list: Some(AccessList::default()), ..legacy }),
        ("1559", 2, TransactionRequest { access_list: Some(access_list()), ..dynamic() }),
        ("1559, largest value", 2, TransactionRequest { value: Some(U256::MAX), nonce: Some(1 << 40), ..dynamic() }),
        ("1559, contract creation", 2, TransactionRequest { to: Some(TxKind::Create), value: Some(U256::ZERO), input: code, ..dynamic() }),
        (
            "4844 by hashes",
            3,
            TransactionRequest {
                blob_versioned_hashes: Some(vec![BLOB, BLOB]),
                max_fee_per_blob_gas: Some(1_000_000_000_000),
                access_list: Some(access_list()),
                ..dynamic()
            },
        ),
        ("7702", 4, TransactionRequest { authorization_list: Some(vec![authorization]), ..dynamic() }),
    ]
}

/// Every field of what was signed is what was asked for, and FROM signed it.
fn check(name: &str, kind: u8, asked: &TransactionRequest, signed: &TxEnvelope) -> Outcome {
    assert_eq!(signed.recover_signer()?, FROM, "{name}: signer");
    assert_eq!(signed.ty(), kind, "{name}: type");
    assert_eq!(signed.chain_id(), asked.chain_id, "{name}: chain");
    assert_eq!(Some(signed.nonce()), asked.nonce, "{name}: nonce");
    assert_eq!(Some(signed.gas_limit()), asked.gas, "{name}: gas");
    assert_eq!(Some(signed.value()), asked.value, "{name}: value");
    assert_eq!(signed.to(), asked.to.and_then(TxKind::into_to), "{name}: to");
    assert_eq!(signed.input(), &asked.input.input().cloned().unwrap_or_default(), "{name}: input");
    assert_eq!(signed.gas_price(), asked.gas_price, "{name}: gas price");
    if kind >= 2 {
        assert_eq!(Some(signed.max_fee_per_gas()), asked.max_fee_per_gas, "{name}: fee");
    }
    assert_eq!(signed.max_priority_fee_per_gas(), asked.max_priority_fee_per_gas, "{name}: priority fee");
    assert_eq!(signed.access_list().cloned().unwrap_or_default(), asked.access_list.clone().unwrap_or_default(), "{name}: access list");
    assert_eq!(signed.max_fee_per_blob_gas(), asked.max_fee_per_blob_gas, "{name}: blob fee");
    assert_eq!(signed.blob_versioned_hashes().map(<[_]>::to_vec), asked.blob_versioned_hashes, "{name}: blobs");
    assert_eq!(signed.authorization_list().map(<[_]>::to_vec), asked.authorization_list, "{name}: authorizations");
    Ok(())
}

async fn ask<P: Provider>(provider: &P, method: &'static str, params: Value) -> Outcome<Value> {
    Ok(provider.raw_request(method.into(), params).await?)
}

fn signature_of(answer: &Value) -> Outcome<Signature> {
    Ok(answer.as_str().ok_or("no text")?.parse()?)
}

async fn check_authorization<P: Provider>(provider: &P) -> Outcome<SignedAuthorization> {
    let wanted = Authorization { chain_id: U256::from(CHAIN), address: TOKEN, nonce: 8 };
    let asked = json!({"chainId": "0x1", "address": TOKEN, "nonce": "0x8"});
    let signed: SignedAuthorization = serde_json::from_value(ask(provider, "eth_signAuthorization", json!([FROM, asked])).await?)?;

    assert_eq!(signed.inner(), &wanted);
    assert_eq!(signed.recover_authority()?, FROM);
    assert_eq!(serde_json::from_value::<SignedAuthorization>(ask(provider, "account_signAuthorization", json!([FROM, asked])).await?)?, signed);
    Ok(signed)
}

async fn check_transactions<P: Provider + Clone>(provider: &P, authorization: SignedAuthorization, tally: &mut Tally) -> Outcome {
    let signer = Web3Signer::new(provider.clone(), FROM);

    for (name, kind, asked) in transactions(authorization) {
        let signed = signer.sign_and_decode(asked.clone()).await.map_err(|e| format!("{name}: {e}"))?;
        check(name, kind, &asked, &signed)?;

        // Clef's own name wants the recipient spelt as EIP-55 has it, and answers the same bytes.
        let mut params = serde_json::to_value(asked.with_from(FROM))?;
        if let Some(to) = signed.to() {
            params["to"] = json!(to.to_checksum(None));
        }
        let answer = ask(provider, "account_signTransaction", json!([params])).await.map_err(|e| format!("{name}: {e}"))?;
        let raw: Bytes = serde_json::from_value(answer["raw"].clone())?;
        assert_eq!(TxEnvelope::decode_2718(&mut raw.as_ref())?, signed, "{name}: by Clef's name");
        assert_eq!(raw.as_ref(), signed.encoded_2718(), "{name}: bytes");
        assert_eq!(answer["tx"]["hash"], json!(signed.tx_hash()), "{name}: hash");
        tally.ok(name);
    }
    Ok(())
}

async fn check_messages<P: Provider>(provider: &P, tally: &mut Tally) -> Outcome {
    for text in ["hello", "", "grüße, 世界 🎉", "a\nb\0c"] {
        let data = Bytes::from(text.as_bytes().to_vec());
        let personal = signature_of(&ask(provider, "personal_sign", json!([data, FROM])).await?)?;
        let wallet = json!([{"version": "1.0", "address": FROM, "request": {"type": "0x45", "data": {"message": text}}}]);

        assert_eq!(personal.recover_address_from_msg(text)?, FROM);
        assert_eq!(signature_of(&ask(provider, "eth_sign", json!([FROM, data])).await?)?, personal);
        assert_eq!(signature_of(&ask(provider, "account_signData", json!(["text/plain", FROM, data])).await?)?, personal);
        assert_eq!(signature_of(&ask(provider, "wallet_sign", wallet).await?["signature"])?, personal);
        tally.ok(&format!("message {text:?}"));
    }
    Ok(())
}

async fn check_typed_data<P: Provider>(provider: &P, tally: &mut Tally) -> Outcome {
    let person = |name: &str, wallets: &[Address]| Person { name: name.into(), wallets: wallets.to_vec() };
    let mail = Mail { from: person("Cow", &[FROM]), to: vec![person("Bob", &[TO, TOKEN]), person("Ann", &[])], contents: "Hello, Bob!".into(), amount: U256::MAX };
    let domain = eip712_domain! { name: "Ether Mail", version: "1", chain_id: CHAIN, verifying_contract: TOKEN, };
    let field = |(name, kind): (&str, &str)| json!({"name": name, "type": kind});
    let fields = |list: &[(&str, &str)]| Value::from(list.iter().copied().map(field).collect::<Vec<_>>());
    let people = |p: &Person| json!({"name": p.name, "wallets": p.wallets});
    let document = json!({
        "types": {
            "EIP712Domain": fields(&[("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address")]),
            "Person": fields(&[("name", "string"), ("wallets", "address[]")]),
            "Mail": fields(&[("from", "Person"), ("to", "Person[]"), ("contents", "string"), ("amount", "uint256")]),
        },
        "primaryType": "Mail",
        "domain": {"name": "Ether Mail", "version": "1", "chainId": "0x1", "verifyingContract": TOKEN.to_checksum(None)},
        "message": {"from": people(&mail.from), "to": mail.to.iter().map(people).collect::<Vec<_>>(), "contents": mail.contents, "amount": U256::MAX.to_string()},
    });
    let digest = mail.eip712_signing_hash(&domain);
    let wallet = json!([{"version": "1.0", "address": FROM, "request": {"type": "0x01", "data": document}}]);
    let answers = [
        ask(provider, "eth_signTypedData_v4", json!([FROM, document.to_string()])).await?,
        ask(provider, "eth_signTypedData_v4", json!([FROM, document])).await?,
        ask(provider, "eth_signTypedData", json!([FROM, document])).await?,
        ask(provider, "account_signTypedData", json!([FROM, document])).await?,
        ask(provider, "wallet_sign", wallet).await?["signature"].clone(),
    ];

    for answer in &answers {
        assert_eq!(signature_of(answer)?.recover_address_from_prehash(&digest)?, FROM);
    }
    tally.ok("typed data");
    Ok(())
}

async fn run<P: Provider + Clone>(provider: P) -> Outcome {
    let mut tally = Tally::default();

    assert_eq!(provider.get_chain_id().await?, CHAIN);
    assert!(provider.get_accounts().await?.contains(&FROM));
    assert!(provider.get_client_version().await?.starts_with("clef/"));
    tally.ok("accounts, chain, version");
    check_messages(&provider, &mut tally).await?;
    check_typed_data(&provider, &mut tally).await?;
    let authorization = check_authorization(&provider).await?;
    tally.ok("authorization");
    check_transactions(&provider, authorization, &mut tally).await?;
    println!("1..{}", tally.0);
    Ok(())
}

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [transport, place] = arguments.as_slice() else { return Err("usage: clef-interop-alloy http|ipc URL-OR-PATH".into()) };
    let builder = ProviderBuilder::new().disable_recommended_fillers();

    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        match transport.as_str() {
            "http" => run(builder.connect_http(place.parse()?)).await,
            _ => run(builder.connect_ipc(IpcConnect::new(place.clone())).await?).await,
        }
    })
}
