//! `kazasu-portal`: the account portal as a process.

fn main() {}
