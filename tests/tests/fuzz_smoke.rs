//! Every fuzz target, over its seeds and their mutations. `./dev fuzz` goes on from here.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use kazasu_tests::fuzzing::TARGETS;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const ROUNDS: u32 = 2_000;

fn mutate(rng: &mut StdRng, seed: &[u8]) -> Vec<u8> {
    let mut input = seed.to_vec();
    for _ in 0..rng.random_range(1..6) {
        let at = rng.random_range(0..=input.len());
        match rng.random_range(0..5) {
            0 => input.insert(at, rng.random()),
            1 if at < input.len() => drop(input.remove(at)),
            2 => input.truncate(at),
            3 if at < input.len() => input[at] ^= 1 << rng.random_range(0..8),
            _ if at < input.len() => input[at] = rng.random(),
            _ => {}
        }
    }
    input
}

#[test]
fn every_target_keeps_its_promises_over_mutated_seeds() {
    let mut rng = StdRng::seed_from_u64(7816);
    for target in TARGETS {
        for seed in (target.seeds)() {
            (target.run)(&seed);
            for _ in 0..ROUNDS {
                (target.run)(&mutate(&mut rng, &seed));
            }
        }
        (target.run)(&[]);
    }
}

#[test]
fn every_target_lets_a_seed_pass_and_none_an_empty_input() {
    for target in TARGETS {
        let passes = |seed: &Vec<u8>| (target.passes)(seed);
        assert!((target.seeds)().iter().any(passes), "{}", target.name);
        assert!(!(target.passes)(&[]), "{}", target.name);
    }
}

#[test]
fn every_target_is_one_that_can_be_run_under_a_fuzzer() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/fuzz_targets");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let mut names: Vec<_> = TARGETS
        .iter()
        .map(|target| target.name.to_owned())
        .collect();
    files.sort();
    names.sort();
    assert_eq!(files, names);
}
