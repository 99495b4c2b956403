// A contender of memmap's bench (contender.js): Rust's procfs crate. For each line on standard input it reads
// ROOT/PID/maps or smaps once, and answers with the number of regions, the ns that it took, and those spent waiting.
use procfs::process::Process;
use std::io::{stdin, BufRead};
use std::time::Instant;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let process = Process::new_with_root(format!("{}/{}", args[1], args[2]).into()).unwrap();
    for _ in stdin().lock().lines() {
        let waited = waited_for();
        let begin = Instant::now();
        let (regions, ns) = if args[3] == "smaps" {
            let list = process.smaps().unwrap();
            (list.len(), begin.elapsed().as_nanos())
        } else {
            let list = process.maps().unwrap();
            (list.len(), begin.elapsed().as_nanos())
        };
        println!("{} {} {}", regions, ns, waited_for() - waited);
    }
}

fn waited_for() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').nth(1).unwrap().parse().unwrap()
}
