use super::*;

#[test]
fn hashes_of_other_programs_are_verified() {
    for (password, hash) in [
        // From the tests of the reference implementation of Argon2.
        (
            "password",
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        ),
        // From those of crypt_blowfish.
        (
            "U*U",
            "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        ),
        (
            "U*U",
            "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        ),
    ] {
        let hash = PasswordHash::parse(hash).expect("a hash");
        assert!(hash.verify(password));
        for wrong in ["", "Password", "U*U*"] {
            assert!(!hash.verify(wrong));
        }
    }
}

/// `argon2-cffi` made them: with 64 bytes of salt, with 4 and 128 of output, and the older version.
#[test]
fn argon2id_hashes_of_every_length_and_version_are_verified() {
    for rest in [
        "v=19$m=8,t=1,p=1$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw$tqdWY3qkHdnqUuGEDhbrMkTyk+DYWpV/M87sJH8jaWM",
        "v=19$m=8,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$Rx4rDQ",
        "v=19$m=8,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$VszQfpXwzVH9BqBhBYiamKEPjtgIWu/WND13WKRy19EAl7OLyplUpCd74MsFM1b5fgrlSdx7KYRD7VW4hV57nK9yCRVpqyxsLddlWBzvaVF6DHhhXzcisC4QQhrN8xkZWzIepgOz9viERpCOmiwMb3PNaEteElxyKhGKOq7JQHk",
        "v=16$m=8,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$uH4zLK+Pvf6EIfAfmnVq99oT8Q1QRrVCYFrSeViUraA",
        "m=8,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$uH4zLK+Pvf6EIfAfmnVq99oT8Q1QRrVCYFrSeViUraA",
    ] {
        let hash = PasswordHash::parse(&format!("$argon2id${rest}")).expect("a hash");
        assert!(hash.verify("correct horse"), "{rest}");
        assert!(!hash.verify("correct hors"), "{rest}");
    }
    let short = "$argon2id$v=19$m=7168,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$Rx4rDQ";
    let short = PasswordHash::parse(short).expect("a hash");
    assert!(short.weakness().is_some_and(|it| it.contains("output")));
}

#[test]
fn bcrypt_reads_72_bytes_and_more_are_never_right() {
    let long = "0123456789".repeat(8);
    let hash = bcrypt::hash(&long, 4).expect("a hash");
    let hash = PasswordHash::parse(&hash).expect("a hash");
    assert!(hash.verify(&long[..72]));
    for wrong in [&long[..71], &long[..73], &long] {
        assert!(!hash.verify(wrong));
    }
    // bcrypt repeats the password with a NUL after it.
    let hash = bcrypt::hash("a", 4).expect("a hash");
    let hash = PasswordHash::parse(&hash).expect("a hash");
    assert!(hash.verify("a"));
    assert!(!hash.verify("a\0a"));
}

#[test]
fn the_default_is_a_hash_that_no_password_has() {
    let hash = PasswordHash::stand_in();
    assert_eq!(hash.weakness(), None);
    assert!(!hash.verify(""));
}
