// Frames of Rust: panics that are caught, closures of the standard library, a second thread.
use std::collections::BTreeMap;
use std::hint::black_box;
use std::panic::{catch_unwind, set_hook};

#[no_mangle]
#[inline(never)]
pub extern "C" fn stop_here(what: i32) {
    black_box(what);
}

#[inline(never)]
fn grow(count: usize) -> Vec<String> {
    stop_here(1);
    (0..count)
        .map(|number| {
            if number % 5 == 0 {
                stop_here(2)
            }
            format!("{number:08x}")
        })
        .collect()
}

#[inline(never)]
fn panics(count: usize) -> usize {
    let grown = grow(count);
    if count % 2 == 0 {
        panic!("even")
    }
    grown.len()
}

fn main() {
    stop_here(0);
    set_hook(Box::new(|_| stop_here(3)));
    let mut found = BTreeMap::new();
    for count in 1..8 {
        found.insert(count, catch_unwind(|| panics(count)).is_ok());
    }
    let mut grown = grow(9);
    grown.sort_by(|a, b| {
        stop_here(4);
        b.cmp(a)
    });
    let thread = std::thread::spawn(move || {
        stop_here(5);
        grow(3).len()
    });
    thread.join().unwrap();
    stop_here(found.len() as i32);
}
