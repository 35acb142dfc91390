//! The metrics of the process, with the names that Prometheus' own clients use.

use std::time::{SystemTime, UNIX_EPOCH};

use prometheus::{
    core::{Collector, Desc},
    process_collector::ProcessCollector,
    proto::{Gauge, Metric, MetricFamily},
};

const START_TIME: &str = "process_start_time_seconds";

/// A `ProcessCollector` that knows when the process began, also where the time at which the system
/// started is hidden: with `ProcSubset=pid` in a systemd unit.
pub(super) struct Process {
    collector: ProcessCollector,
    start: f64,
}

impl Process {
    /// Returns the collector of this process, which has just begun.
    pub(super) fn new() -> Self {
        let start = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            collector: ProcessCollector::for_self(),
            start: start.map_or(0.0, |start| start.as_secs_f64().floor()),
        }
    }
}

impl Collector for Process {
    fn desc(&self) -> Vec<&Desc> {
        self.collector.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut families = self.collector.collect();
        for family in &mut families {
            if family.name() == START_TIME {
                let mut start = Gauge::default();
                start.set_value(self.start);
                family.set_metric(vec![Metric::from_gauge(start)]);
            }
        }
        families
    }
}
