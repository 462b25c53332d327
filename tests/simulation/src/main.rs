//! `cargo run --profile simulation -p simulation -- [--seeds N] [--from SEED] [--seed S] [--trace]`
fn main() { 
    let args: Vec<String> = std::env::args().collect();
    let n: u64 = args[1].parse().unwrap();
    let mut c = simulation::Coverage::default();
    let t = std::time::Instant::now();
    let mut bad = std::collections::BTreeMap::<String, Vec<u64>>::new();
    if args.len() > 2 { let l = simulation::live(n, None, true); for t in &l.trace { println!("{t}") } println!("{:?}", l.breach); return }
    for s in 0..n { let l = simulation::live(s, None, false); c.add(&l.coverage); if let Some(b) = l.breach { bad.entry(format!("{:?}", b.invariant)).or_default().push(s); } }
    for (n, k) in c.all() { println!("{k:>9} {n}"); }
    for (n, k) in bad { println!("{n}: {} {:?}", k.len(), &k[..k.len().min(12)]); }
    println!("{:?}", t.elapsed());
}
