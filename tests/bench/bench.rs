//! The cost of a session: Signet beside a page without sessions, and beside other session layers.
//!
//! `cargo bench` prints tables of medians over several rounds, each of which measures every site.
//! CPU time is measured in process, without sockets. Requests per second are measured over loopback
//! sockets, with the server on one core and the load generator on another. The original application
//! is measured too, if Python has Flask and gunicorn.

#![cfg(target_os = "linux")]

mod growth;
mod in_process;
mod load;
mod servers;
mod sites;
mod sockets;
mod table;

use std::{fs, process::exit, thread::available_parallelism};

use mimalloc::MiMalloc;
use signet_session::EmbeddedStore;
use tokio::{net::TcpListener, runtime::Runtime};

use crate::{
    in_process::Visit,
    sites::{Service, Site},
    table::Table,
};

/// Signet's allocator, for all sites.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// How often each value is measured.
const ROUNDS: usize = 7;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("serve") => serve(&arguments[1]),
        Some("--bench") if cfg!(debug_assertions) => {
            eprintln!("this is a debug build, which says nothing: run `cargo bench`");
            exit(2);
        }
        Some("--bench") => measure(),
        // `cargo test --benches` passes no `--bench`.
        _ => println!("nothing is measured without --bench: run `cargo bench`"),
    }
}

fn measure() {
    println!("{}", machine());
    println!("Medians of {ROUNDS} rounds.");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(measure_in_process());
    runtime.block_on(growth::measure());
    runtime.block_on(sockets::measure());
}

/// Returns the CPU, the number of cores and the kernel of this machine.
fn machine() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let cpus = read("/proc/cpuinfo");
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown CPU", |(_, model)| model);
    let cores = available_parallelism().map_or(1, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{model}, {cores} cores, Linux {}", kernel.trim())
}

async fn measure_in_process() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut sites = Vec::new();
    for site in Site::ALL {
        let store = EmbeddedStore::open(dir.path().join(site.name()), 10_000_000).expect("a store");
        let service = match site {
            Site::Signet => Service::new(sites::signet(sites::config(store))),
            _ => Service::new(site.router(store).await),
        };
        let cookie = sites::log_in_to(&service).await;
        sites.push((site, service, cookie));
    }
    let mut table = Table::new(&Visit::ALL.map(|visit| (visit.name(), 2)));
    for _ in 0..ROUNDS {
        for (site, service, cookie) in &sites {
            for (column, visit) in Visit::ALL.into_iter().enumerate() {
                let cost = visit.measure(service, cookie).await;
                table.add(site.name(), column, cost);
            }
        }
    }
    table.print("CPU time of a request in process, µs");
    let [typical, worst] = table.spread();
    println!("\nBetween rounds: {typical:.2} typically, {worst:.2} at the worst.");
    let compare = |names: [&str; 2], how| table.compare(1, names, how).unwrap_or_default();
    for site in [
        Site::PlainSignetSession,
        Site::PlainMemoryStore,
        Site::PlainCookieStore,
    ] {
        let names = [site.name(), Site::PlainBare.name()];
        let cost = compare(names, |with, without| with - without);
        println!("{}: {cost:.2} µs for the session", names[0]);
    }
    let names = [Site::Signet.name(), Site::Bare.name()];
    let more = compare(names, |signet, bare| signet - bare);
    println!("{} - {}: {more:.2} µs", names[0], names[1]);
}

/// Serves one of the sites until the process is killed.
fn serve(name: &str) {
    let site = Site::ALL.into_iter().find(|site| site.name() == name);
    let site = site.expect("the name of a site");
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let dir = tempfile::tempdir().expect("a directory");
        let store = EmbeddedStore::open(dir.path().join("sessions"), 10_000_000);
        let router = site.router(store.expect("a store")).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        eprintln!("listening on http://{address}");
        axum::serve(listener, router).await.expect("serving");
    });
}
