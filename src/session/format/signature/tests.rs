use super::*;

const KEY: &str = "a-key-for-the-known-answer-vector!";
const PAYLOAD: &[u8] = br#"{"_sid":"AAECAwQFBgcICQoLDA0ODw","_iat":1763800000,"username":"admin"}"#;
const AT: i64 = 1_763_800_000;
/// The output of itsdangerous 2.2.0 for these three.
const VALUE: &str = "eyJfc2lkIjoiQUFFQ0F3UUZCZ2NJQ1FvTERBME9EdyIsIl9pYXQiOjE3NjM4MDAwMDAsInVzZX\
                     JuYW1lIjoiYWRtaW4ifQ.aSFzwA.X-KX5ABk-_x-Z8dHUqt6ejbQZkPTiVLpF4B4FcEqkn8";

fn signer_of(cookie_name: &str, keys: &[&str]) -> Signer {
    let keys = keys.iter().map(|key| SecretKey::new(key).expect("a key"));
    let salt = format!("signet.session.{cookie_name}");
    Signer::new(&salt, &keys.collect::<Vec<_>>())
}

fn signer(keys: &[&str]) -> Signer {
    signer_of("session", keys)
}

#[test]
fn a_value_is_the_same_as_in_itsdangerous() {
    let signer = signer(&[KEY]);
    assert_eq!(signer.sign(PAYLOAD, AT), VALUE);
    assert_eq!(
        signer.verify(VALUE.as_bytes()),
        Ok(Signed {
            payload: PAYLOAD.to_vec(),
            at: AT,
            key: 0,
        })
    );
}

#[test]
fn a_value_signed_for_one_cookie_is_refused_in_another() {
    let other = signer_of("__Host-session", &[KEY]);
    assert_eq!(other.verify(VALUE.as_bytes()), Err(Refusal::BadSignature));
}

#[test]
fn the_first_key_signs_and_all_keys_verify() {
    let rotated = signer(&[
        "a-new-key-of-enough-bytes-to-be-tested",
        "another-old-key-of-enough-bytes-too",
        KEY,
    ]);
    let old = rotated.verify(VALUE.as_bytes()).expect("a fallback key");
    assert_eq!(old.key, 2);
    let new = rotated.sign(PAYLOAD, AT);
    assert_eq!(rotated.verify(new.as_bytes()).expect("its own").key, 0);
    assert_eq!(
        signer(&[KEY]).verify(new.as_bytes()),
        Err(Refusal::BadSignature)
    );
}

#[test]
fn a_value_that_was_altered_cut_or_extended_is_refused() {
    let signer = signer(&[KEY]);
    for index in 0..VALUE.len() {
        assert!(signer.verify(&VALUE.as_bytes()[..index]).is_err());
        for byte in 0..=u8::MAX {
            let mut altered = VALUE.as_bytes().to_vec();
            if altered[index] != byte {
                altered[index] = byte;
                assert!(signer.verify(&altered).is_err(), "{index}: {byte:#04x}");
            }
        }
    }
    for appended in ["A", "=", ".", "%00", "\0", " "] {
        let value = format!("{VALUE}{appended}");
        assert!(signer.verify(value.as_bytes()).is_err(), "{appended:?}");
    }
}

#[test]
fn timestamps_have_no_leading_zero_bytes_and_must_fit_into_an_i64() {
    let signer = signer(&[KEY]);
    for at in [0, 1, 255, 256, AT, i64::MAX] {
        let value = signer.sign(PAYLOAD, at);
        assert_eq!(signer.verify(value.as_bytes()).expect("signed").at, at);
    }
    assert_eq!(timestamp(255), [255]);
    let sign_with = |timestamp: &[u8]| {
        let message = format!("e30.{}", BASE64URL.encode(timestamp));
        let mac = signer.keys[0].clone().chain_update(&message).finalize();
        format!("{message}.{}", BASE64URL.encode(mac.into_bytes()))
    };
    for absurd in [&[0xff; 8][..], &[1; 9]] {
        let verified = signer.verify(sign_with(absurd).as_bytes());
        assert_eq!(verified, Err(Refusal::Malformed));
    }
}

#[test]
fn a_value_over_4096_bytes_is_malformed() {
    let signer = signer(&[KEY]);
    let value_of = |bytes| signer.sign(&vec![b'x'; bytes], 1000);
    let largest = value_of(3036);
    assert_eq!(largest.len(), 4096);
    assert!(signer.verify(largest.as_bytes()).is_ok());
    let too_large = value_of(3037);
    assert_eq!(signer.verify(too_large.as_bytes()), Err(Refusal::Malformed));
}

#[test]
fn debug_does_not_show_the_keys() {
    assert_eq!(format!("{:?}", signer(&[KEY])), "Signer { keys: 1 }");
}
