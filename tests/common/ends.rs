//! Judges whether a session may be accepted while all sessions of its user are ended again and again.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// What all visitors saw. An end is numbered when it begins.
#[derive(Debug, Default)]
pub struct Ends {
    /// How many ends began.
    begun: AtomicUsize,
    /// How many of them are over, with or without success.
    over: AtomicUsize,
    /// The highest number of an end that was answered.
    answered: AtomicUsize,
    /// Is odd while something is wrong.
    faults: AtomicUsize,
    /// How many sessions were judged.
    pub judged: AtomicUsize,
    /// How many of them had ended.
    pub ended: AtomicUsize,
    /// A session that had ended was accepted.
    pub let_in: AtomicUsize,
    /// A session that had not ended was refused.
    pub lost: AtomicUsize,
}

/// When something happened, between the ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    begun: usize,
    faults: usize,
    /// Is false if an end was under way, or something was wrong.
    is_calm: bool,
}

impl Ends {
    pub fn now(&self) -> Moment {
        // In this order: otherwise an end could begin in between and be over.
        let over = self.over.load(SeqCst);
        let begun = self.begun.load(SeqCst);
        let faults = self.faults.load(SeqCst);
        Moment {
            begun,
            faults,
            is_calm: over == begun && faults.is_multiple_of(2),
        }
    }

    /// Notes that something goes wrong, or that all is well again.
    pub fn note_fault(&self) {
        self.faults.fetch_add(1, SeqCst);
    }

    /// Notes that an end begins. Returns its number.
    pub fn begin(&self) -> usize {
        self.begun.fetch_add(1, SeqCst) + 1
    }

    /// Notes that an end was answered, or failed.
    pub fn finish(&self, number: usize, is_answered: bool) {
        if is_answered {
            self.answered.fetch_max(number, SeqCst);
        }
        self.over.fetch_add(1, SeqCst);
    }

    /// Returns whether a session that was there at this moment must be refused from now on.
    pub fn has_ended(&self, there: Moment) -> bool {
        self.answered.load(SeqCst) > there.begun
    }

    /// Judges a session that must be refused if it had ended before the request.
    pub fn judge_copy(&self, had_ended: bool, is_accepted: bool) {
        self.judged.fetch_add(1, SeqCst);
        self.ended.fetch_add(usize::from(had_ended), SeqCst);
        self.let_in
            .fetch_add(usize::from(had_ended && is_accepted), SeqCst);
    }

    /// Judges a session whose login began at this moment, which nobody else uses.
    pub fn judge_login(&self, before: Moment, is_accepted: bool) {
        let must_be_accepted = before.is_calm && self.now() == before;
        self.judged.fetch_add(1, SeqCst);
        self.lost
            .fetch_add(usize::from(must_be_accepted && !is_accepted), SeqCst);
    }

    #[track_caller]
    pub fn assert_none_is_wrong(&self, what: &str) {
        eprintln!("{what}: {self:?}");
        for wrong in [&self.let_in, &self.lost] {
            assert_eq!(wrong.load(SeqCst), 0, "{what}: {self:?}");
        }
        assert!(self.ended.load(SeqCst) > 0, "{what}: {self:?}");
    }
}
