//! How fast things are, each beside what somebody would use instead, in the same run: `cargo bench`, or
//! `cargo bench -- activity` for one of them. What each needs stands at its beginning.

// The types of answers lie deep in each other.
#![recursion_limit = "256"]
#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot go on has nothing to say"
)]

mod activity;
mod company;
mod exports;
mod ingest;
mod load;
mod memory;
mod pages;
mod pickers;

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    // Cargo itself adds arguments that begin with dashes.
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|asked| asked == name);
    runtime.block_on(async {
        if wanted("ingest") {
            Box::pin(ingest::measure()).await;
        }
        if wanted("pages") {
            Box::pin(pages::measure()).await;
        }
        if wanted("activity") {
            Box::pin(activity::measure()).await;
        }
        if wanted("pickers") {
            Box::pin(pickers::measure()).await;
        }
        if wanted("memory") {
            Box::pin(memory::measure()).await;
        }
        if wanted("exports") {
            Box::pin(exports::measure()).await;
        }
        if wanted("load") {
            Box::pin(load::measure()).await;
        }
    });
}
