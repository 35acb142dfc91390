//! Stores that do one thing wrong. The contract of stores finds it.

use async_trait::async_trait;
use signet_session::{Id, MemoryStore, Record, Records, StoreError, contract};
use tokio::task::yield_now;

use crate::forger::now;

/// What a store does wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    AddOverwrites,
    AddTakesTwoSteps,
    AddProlongsExpired,
    ReplaceAdds,
    ReplaceTakesTwoSteps,
    ReplaceKeepsExpiry,
    RemoveIsAlwaysGlad,
    RemoveLeavesTheRecord,
    ExpiredIsFound,
    HalfOfTheIdIsKept,
    CaseOfTheIdIsIgnored,
    LongDataIsCut,
}

#[derive(Clone, Debug)]
struct Broken {
    store: MemoryStore,
    fault: Fault,
}

impl Broken {
    fn id(&self, id: Id) -> Id {
        match self.fault {
            Fault::HalfOfTheIdIsKept => Id(id.0 & i128::from(u64::MAX)),
            Fault::CaseOfTheIdIsIgnored => {
                let text = id.to_string().to_lowercase();
                let number = |sum: i128, byte| sum.wrapping_mul(257).wrapping_add(i128::from(byte));
                Id(text.bytes().fold(0, number))
            }
            _ => id,
        }
    }

    fn kept(&self, mut record: Record) -> Record {
        record.id = self.id(record.id);
        match self.fault {
            Fault::ExpiredIsFound => record.expires += 1_000,
            Fault::LongDataIsCut => record.data.truncate(1_000),
            _ => {}
        }
        record
    }
}

#[async_trait]
impl Records for Broken {
    async fn get(&self, id: Id) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.get(self.id(id)).await
    }

    async fn add(&self, record: Record) -> Result<bool, StoreError> {
        let mut record = self.kept(record);
        match self.fault {
            Fault::AddOverwrites => {
                self.store.remove(record.id).await?;
            }
            Fault::AddTakesTwoSteps => {
                let is_there = self.store.get(record.id).await?.is_some();
                yield_now().await;
                if !is_there {
                    self.store.remove(record.id).await?;
                }
            }
            Fault::AddProlongsExpired if record.expires < now() => {
                record.expires = now() + 60;
            }
            _ => {}
        }
        self.store.add(record).await
    }

    async fn replace(&self, record: Record) -> Result<bool, StoreError> {
        let mut record = self.kept(record);
        let is_there = self.store.get(record.id).await?.is_some();
        match self.fault {
            Fault::ReplaceAdds => {
                self.store.remove(record.id).await?;
                return self.store.add(record).await;
            }
            Fault::ReplaceTakesTwoSteps if is_there => {
                yield_now().await;
                self.store.remove(record.id).await?;
                return self.store.add(record).await;
            }
            Fault::ReplaceKeepsExpiry => record.expires = now() + 60,
            _ => {}
        }
        self.store.replace(record).await
    }

    async fn remove(&self, id: Id) -> Result<bool, StoreError> {
        match self.fault {
            Fault::RemoveIsAlwaysGlad => self.store.remove(self.id(id)).await.map(|_| true),
            Fault::RemoveLeavesTheRecord => Ok(self.store.get(self.id(id)).await?.is_some()),
            _ => self.store.remove(self.id(id)).await,
        }
    }
}

/// Returns what the contract says, or nothing if it holds.
async fn complaint(a: impl Records, b: impl Records) -> String {
    match tokio::spawn(contract::check(a, b)).await {
        Ok(()) => String::new(),
        Err(error) => {
            let cause = error.into_panic();
            let text = cause.downcast_ref::<String>().cloned();
            text.or_else(|| cause.downcast_ref::<&str>().map(|it| (*it).to_owned()))
                .expect("a message")
        }
    }
}

#[tokio::test]
async fn the_contract_finds_what_a_store_does_wrong() {
    for (fault, said) in [
        (Fault::AddOverwrites, "added a record with a taken ID"),
        (Fault::AddTakesTwoSteps, "not exactly one succeeds"),
        (Fault::AddProlongsExpired, "finds a record that has expired"),
        (Fault::ReplaceAdds, "replaced a missing record"),
        (Fault::ReplaceTakesTwoSteps, "removed at the same time"),
        (Fault::ReplaceKeepsExpiry, "does not change the expiry"),
        (Fault::RemoveIsAlwaysGlad, "removed a missing record"),
        (Fault::RemoveLeavesTheRecord, "after its removal"),
        (Fault::ExpiredIsFound, "does not change the expiry"),
        (Fault::HalfOfTheIdIsKept, "of a similar ID"),
        (Fault::CaseOfTheIdIsIgnored, "of a similar ID"),
        (Fault::LongDataIsCut, "does not find what add added"),
    ] {
        let store = MemoryStore::new();
        let broken = Broken { store, fault };
        let complaint = complaint(broken.clone(), broken).await;
        assert!(complaint.contains(said), "{fault:?}: {complaint:?}");
    }
    let two_stores = complaint(MemoryStore::new(), MemoryStore::new()).await;
    assert!(
        two_stores.contains("does not find what add added"),
        "{two_stores}"
    );
}
