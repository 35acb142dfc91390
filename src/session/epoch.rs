//! The epoch of a subject: a random number that is written when all its sessions are ended.

use std::sync::OnceLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use tower_sessions_core::session::Id;

/// The prefix of the text that is hashed. It keeps these IDs apart from every other hash of Signet.
const DOMAIN: &str = "signet.epoch.";

/// The longest subject that is kept beside its ID, in bytes, so that no subject fills the memory.
const MAX_KEPT_BYTES: usize = 128;

/// Tells the sessions that began before all sessions of their subject were ended from those that began
/// after that. Two epochs are never compared by age: they are equal or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Epoch(Id);

/// The JSON of an epoch's record.
#[derive(Serialize, Deserialize)]
struct Members {
    #[serde(rename = "_epoch")]
    epoch: Epoch,
}

impl Epoch {
    /// Returns one that nothing carries yet.
    pub(crate) fn random() -> Self {
        Self(Id::default())
    }

    /// Reads the data of a record.
    pub(crate) fn from_json(json: &[u8]) -> serde_json::Result<Self> {
        let members: Members = serde_json::from_slice(json)?;
        Ok(members.epoch)
    }

    /// Returns the data of its record.
    pub(crate) fn to_json(self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Members { epoch: self })
    }
}

impl Serialize for Epoch {
    /// Writes 22 base64url characters.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Epoch {
    /// Reads a text. One that we never write becomes an epoch that no record has.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(text.parse().map_or_else(|_| Self::random(), Self))
    }
}

/// Returns the ID of the record that holds the epoch of a subject. It does not tell the subject, and no
/// session has it.
pub(crate) fn record_id(subject: &str) -> Id {
    let hash = Sha256::new_with_prefix(DOMAIN)
        .chain_update(subject)
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    Id(i128::from_be_bytes(bytes))
}

/// Remembers the ID of the record that belongs to the subject of one cookie, so that its next request
/// computes no hash.
#[derive(Debug, Default)]
pub(crate) struct KnownRecordId(OnceLock<(Box<str>, Id)>);

impl KnownRecordId {
    /// Returns the ID that was remembered. The subject may have another one by now.
    pub(crate) fn known(&self) -> Option<Id> {
        self.0.get().map(|(_, id)| *id)
    }

    /// Returns [`record_id`] of a subject.
    pub(crate) fn of(&self, subject: &str) -> Id {
        if let Some((known, id)) = self.0.get()
            && **known == *subject
        {
            return *id;
        }
        let id = record_id(subject);
        if subject.len() <= MAX_KEPT_BYTES {
            // Fails if another request was faster.
            let _ = self.0.set((subject.into(), id));
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_record_is_the_start_of_a_sha_256_with_a_prefix() {
        // printf signet.epoch.anna | sha256sum | head -c 32
        let hash = "bd8d5b1d215d1658b6bb368e68a1b43b";
        assert_eq!(format!("{:032x}", record_id("anna").0), hash);
        let texts = [
            "",
            "anna",
            "Anna",
            "anna ",
            "ann",
            "7",
            &"x".repeat(64 << 10),
        ];
        let ids: std::collections::HashSet<_> = texts.iter().map(|it| record_id(it)).collect();
        assert_eq!(ids.len(), texts.len());
    }

    #[test]
    fn a_known_id_is_that_of_the_subject_that_is_asked_for() {
        let known = KnownRecordId::default();
        let long = "x".repeat(MAX_KEPT_BYTES + 1);
        for subject in ["anna", "anna", "bob", &long, "anna"] {
            assert_eq!(known.of(subject), record_id(subject), "{subject}");
        }
        let known = KnownRecordId::default();
        known.of(&long);
        assert_eq!(known.known(), None);
        known.of("anna");
        assert_eq!(known.known(), Some(record_id("anna")));
    }

    #[test]
    fn an_epoch_survives_its_record_and_a_text_that_is_none_equals_no_other() {
        let epoch = Epoch::random();
        let json = epoch.to_json().unwrap();
        assert_eq!(Epoch::from_json(&json).unwrap(), epoch);
        let forged = br#"{"_epoch":"forged"}"#;
        assert_ne!(
            Epoch::from_json(forged).unwrap(),
            Epoch::from_json(forged).unwrap()
        );
        for wrong in ["", "{}", r#"{"_epoch":7}"#, r#"{"_epoch":null}"#, "[]"] {
            assert!(Epoch::from_json(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
