//! `StandIns`: hashes that are computed in the place of a user's own, so that time tells nothing.

use std::{collections::BTreeMap, sync::Arc};

use crate::users::{
    hash::{Cost, GREATEST_WORK, PasswordHash},
    password::forms,
};

/// One hash of each cost in a file. Each attempt computes them all, with that of the user, if there is one,
/// in the place of the one that costs the same. So an attempt takes the same time for every name.
#[derive(Debug)]
pub(in crate::users) struct StandIns(BTreeMap<Cost, Arc<PasswordHash>>);

impl StandIns {
    /// Returns the stand-ins for a file with these hashes, and a warning if they would take too long
    /// together. Then there is only the most expensive one.
    pub(super) fn new<'a>(
        hashes: impl Iterator<Item = &'a Arc<PasswordHash>>,
    ) -> (Self, Option<String>) {
        let mut by_cost: BTreeMap<_, _> =
            hashes.map(|hash| (hash.cost(), Arc::clone(hash))).collect();
        if by_cost.is_empty() {
            let hash = PasswordHash::stand_in();
            by_cost.insert(hash.cost(), Arc::new(hash));
        }
        let work: u64 = by_cost.keys().map(|cost| cost.work()).sum();
        let mut warning = None;
        if by_cost.len() > 1 && work > GREATEST_WORK {
            warning = Some(format!(
                "its hashes have {} different costs, and to compute one of each takes too long, so the \
                 time of an answer tells whether there is a user of a name; make new lines with \
                 `signet passwd NAME`",
                by_cost.len()
            ));
            let most = by_cost.keys().copied().max_by_key(|cost| cost.work());
            by_cost.retain(|cost, _| Some(*cost) == most);
        }
        (Self(by_cost), warning)
    }

    /// Returns whether a password, as it was typed, is that of `own`. Takes long, and blocks the thread.
    pub(in crate::users) fn verify(&self, own: Option<&PasswordHash>, typed: &str) -> bool {
        let mut is_right = false;
        // All forms, also after the right one: which one it was is the user's secret, too.
        for password in forms(typed) {
            for (hash, is_own) in self.to_compute(own) {
                is_right |= hash.verify(&password) && is_own;
            }
        }
        is_right
    }

    /// Returns the hashes to compute, and which one is the user's own.
    fn to_compute<'a>(
        &'a self,
        own: Option<&'a PasswordHash>,
    ) -> impl Iterator<Item = (&'a PasswordHash, bool)> {
        let own_cost = own.map(PasswordHash::cost);
        let others = self
            .0
            .iter()
            .filter(move |(cost, _)| Some(**cost) != own_cost);
        let others = others.map(|(_, hash)| (&**hash, false));
        own.map(|own| (own, true)).into_iter().chain(others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARGON2: &str =
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$v1FBNiYXNyJdtVJdyeZxdkXD0ZYEAM5b7oP1qLHnOrk";
    const BCRYPT: &str = "$2y$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

    fn argon2(kib: u32, passes: u32) -> Arc<PasswordHash> {
        parse(&ARGON2.replace("m=8,t=1", &format!("m={kib},t={passes}")))
    }

    fn bcrypt(cost: u32) -> Arc<PasswordHash> {
        parse(&BCRYPT.replace("$04$", &format!("${cost:02}$")))
    }

    fn parse(text: &str) -> Arc<PasswordHash> {
        Arc::new(PasswordHash::parse(text).expect("a hash"))
    }

    fn costs(stand_ins: &StandIns, own: Option<&PasswordHash>) -> Vec<Cost> {
        let hashes = stand_ins.to_compute(own);
        let mut costs: Vec<_> = hashes.map(|(hash, _)| hash.cost()).collect();
        costs.sort();
        costs
    }

    #[test]
    fn every_name_costs_the_same() {
        let hashes = [
            argon2(8, 1),
            argon2(19_456, 2),
            bcrypt(4),
            bcrypt(12),
            argon2(8, 1),
        ];
        let (stand_ins, warning) = StandIns::new(hashes.iter());
        assert_eq!(warning, None);
        let unknown = costs(&stand_ins, None);
        assert_eq!(unknown.len(), 4);
        for hash in &hashes {
            assert_eq!(costs(&stand_ins, Some(hash)), unknown);
            let own = stand_ins
                .to_compute(Some(hash))
                .filter(|(_, is_own)| *is_own);
            let own: Vec<_> = own.collect();
            assert!(own.len() == 1 && std::ptr::eq(own[0].0, &raw const **hash));
        }
    }

    #[test]
    fn an_empty_file_has_a_stand_in_that_no_password_has() {
        let (stand_ins, warning) = StandIns::new([].iter());
        assert_eq!(warning, None);
        assert_eq!(costs(&stand_ins, None), [Cost::Argon2id(19_456, 2, 1)]);
        assert!(!stand_ins.verify(None, ""));
    }

    #[test]
    fn costs_that_take_too_long_together_are_warned_about() {
        let gib = 1024 * 1024;
        let (_, warning) = StandIns::new([argon2(gib, 4), argon2(gib, 4)].iter());
        assert_eq!(warning, None);
        let hashes = [argon2(gib, 4), argon2(8, 1)];
        let (stand_ins, warning) = StandIns::new(hashes.iter());
        let warning = warning.expect("a warning");
        assert!(warning.contains("2 different costs"), "{warning}");
        assert_eq!(costs(&stand_ins, None), [Cost::Argon2id(gib, 4, 1)]);
        // The most expensive one stays, even if it is another kind.
        let hashes = [argon2(gib, 4), bcrypt(4)];
        let (stand_ins, _) = StandIns::new(hashes.iter());
        assert_eq!(costs(&stand_ins, None), [Cost::Argon2id(gib, 4, 1)]);
    }

    #[test]
    fn a_password_is_right_in_the_form_in_which_any_program_hashed_it() {
        for (hashed, typed, is_right) in [
            ("p\u{e4}ss word", "pa\u{308}ss\u{3000}word", true),
            ("pa\u{308}ss\u{3000}word", "pa\u{308}ss\u{3000}word", true),
            ("pa\u{308}ss\u{3000}word", "p\u{e4}ss\u{3000}word", false),
            ("pass\u{a0}word", "pass\u{a0}word", true),
            ("pass\u{a0}word", "pass word", false),
        ] {
            let hash = parse(&bcrypt::hash(hashed, 4).expect("a hash"));
            let (stand_ins, _) = StandIns::new([argon2(8, 1), Arc::clone(&hash)].iter());
            assert_eq!(
                stand_ins.verify(Some(&hash), typed),
                is_right,
                "{hashed:?} {typed:?}"
            );
            assert!(!stand_ins.verify(None, typed));
            assert!(!stand_ins.verify(Some(&argon2(8, 1)), typed));
        }
    }
}
