//! `cargo xtask size`: how large what a page loads is, compressed as servers send it, and whether that is
//! within its budget.

use serde_json::{Value, json};

use crate::failure::{Failure, Outcome};
use crate::project::Project;
use crate::run::run;
use crate::setup;

/// What is fetched at once, and why.
struct Moment {
    /// As in the table.
    name: &'static str,
    /// The moments before it, whose files are there.
    after: &'static [&'static str],
    /// The files that are asked for; what they import statically comes with them.
    files: &'static [&'static str],
}

const START: Moment = Moment { name: "page start", after: &[], files: &["index.js"] };
/// Asked for by `createStepUp`; only requests to the APIs wait for it.
const LOADER: Moment =
    Moment { name: "right after it", after: &["page start"], files: &["loader.js"] };
const PROMPT: Moment = Moment {
    name: "challenge to prompt",
    after: &["page start", "right after it"],
    files: &["engine.js", "stepup_bg.wasm"],
};
const GATE: Moment = Moment {
    name: "gate, one language",
    after: &["page start", "right after it", "challenge to prompt"],
    files: &["gate.js"],
};
const VERDICT: Moment = Moment {
    name: "popup's answer and ID token",
    after: &["page start", "right after it", "challenge to prompt"],
    files: &["callback.html", "callback.js", "id_token.js", "id_token_bg.wasm"],
};
const RULES: Moment = Moment {
    name: "with rules",
    after: &["page start", "right after it", "challenge to prompt"],
    files: &["rules.js"],
};
const BOUND: Moment = Moment {
    name: "with DPoP",
    after: &["page start", "right after it", "challenge to prompt"],
    files: &["dpop.js"],
};
const REDIRECT: Moment = Moment {
    name: "with a redirect",
    after: &["page start", "right after it", "challenge to prompt"],
    files: &["return.js", "redirect.js"],
};
const MOMENTS: [&Moment; 8] =
    [&START, &LOADER, &PROMPT, &GATE, &VERDICT, &RULES, &BOUND, &REDIRECT];

/// So many bytes, brotli 11, may one or more moments cost together.
struct Budget {
    name: &'static str,
    moments: &'static [&'static Moment],
    /// The tests fail above it.
    most: u64,
    /// What it is to come to.
    goal: u64,
}

const BUDGETS: [Budget; 5] = [
    Budget { name: "on the page's critical path", moments: &[&START], most: 1_000, goal: 1_000 },
    Budget {
        name: "from challenge to prompt",
        moments: &[&LOADER, &PROMPT],
        most: 118_500,
        goal: 50_000,
    },
    Budget { name: "the gate", moments: &[&GATE], most: 6_000, goal: 6_000 },
    Budget {
        name: "a popup step-up with OpenID Connect, all of it",
        moments: &[&START, &LOADER, &PROMPT, &GATE, &VERDICT],
        most: 145_500,
        goal: 100_000,
    },
    Budget {
        name: "a passkey step-up at the app's backend, all of it",
        moments: &[&START, &LOADER, &PROMPT, &GATE],
        most: 123_000,
        goal: 55_000,
    },
];

/// Runs the command: prints the tables.
///
/// # Errors
/// When there is no `pkg/`, or a budget is passed.
pub fn command(project: &Project) -> Outcome {
    let measured = measured(project)?;
    print!("{}", tables(&measured));
    within_budget(&measured)
}

/// What the package costs: `files` and `moments` with their `parts`, and `budgets`, each with its sizes.
///
/// # Errors
/// When there is no `pkg/`.
pub fn measured(project: &Project) -> Outcome<Value> {
    setup::node()?;
    setup::npm_packages(project, ".")?;
    if !project.package().is_dir() {
        return Err(Failure::new("there is no pkg/").remedy("run `cargo xtask build` first"));
    }
    let moments: Vec<Value> = MOMENTS
        .iter()
        .map(|moment| json!({ "name": moment.name, "after": moment.after, "files": moment.files }))
        .collect();
    let measure = run("node").args(["xtask/src/size.js"]).args([project.package()]);
    let told = measure.args([Value::from(moments).to_string()]).dir(&project.root).output()?;
    let mut measured: Value = serde_json::from_str(&told)
        .map_err(|error| Failure::new(format!("the sizes are no JSON: {error}")))?;
    let budgets: Vec<Value> = BUDGETS
        .iter()
        .map(|budget| {
            let costs = budget.moments.iter().map(|moment| cost(&measured, moment.name));
            let costs: Vec<Sizes> = costs.collect();
            let sum = |of: fn(&Sizes) -> u64| costs.iter().map(of).sum::<u64>();
            let sizes = Sizes {
                raw: sum(|sizes| sizes.raw),
                gzip: sum(|sizes| sizes.gzip),
                brotli: sum(|sizes| sizes.brotli),
            };
            json!({
                "name": budget.name, "most": budget.most, "goal": budget.goal,
                "raw": sizes.raw, "gzip": sizes.gzip, "brotli": sizes.brotli,
            })
        })
        .collect();
    if let Some(all) = measured.as_object_mut() {
        all.insert("budgets".to_owned(), Value::from(budgets));
    }
    Ok(measured)
}

/// Whether every budget holds.
///
/// # Errors
/// Names those that do not.
pub fn within_budget(measured: &Value) -> Outcome {
    let passed: Vec<String> = list(measured, "budgets")
        .filter(|budget| Sizes::of(budget).brotli > number(budget, "most"))
        .map(|budget| {
            let (brotli, most) = (Sizes::of(budget).brotli, number(budget, "most"));
            format!("{} costs {brotli} bytes, its budget is {most}", text(budget))
        })
        .collect();
    match passed.is_empty() {
        true => Ok(()),
        false => {
            Err(Failure::new(passed.join("\n"))
                .remedy("see what has grown with `cargo xtask size`"))
        }
    }
}

/// The bytes of something, as they are and compressed.
#[derive(Debug, Clone, Copy, Default)]
struct Sizes {
    raw: u64,
    gzip: u64,
    brotli: u64,
}

impl Sizes {
    fn of(value: &Value) -> Self {
        Self {
            raw: number(value, "raw"),
            gzip: number(value, "gzip"),
            brotli: number(value, "brotli"),
        }
    }

    fn row(self, name: &str) -> String {
        format!("{name:<52}{:>9}{:>9}{:>10}", self.raw, self.gzip, self.brotli)
    }
}

/// What a moment costs, all of its parts together.
fn cost(measured: &Value, moment: &str) -> Sizes {
    let parts = list(measured, "moments")
        .filter(|found| text(found) == moment)
        .flat_map(|found| list(found, "parts"));
    parts.map(Sizes::of).fold(Sizes::default(), |sum, part| Sizes {
        raw: sum.raw + part.raw,
        gzip: sum.gzip + part.gzip,
        brotli: sum.brotli + part.brotli,
    })
}

fn tables(measured: &Value) -> String {
    let head = |name: &str| format!("{name:<52}{:>9}{:>9}{:>10}", "raw", "gzip 9", "brotli 11");
    let mut lines = vec![head("each file, minified")];
    lines.extend(list(measured, "files").map(|file| Sizes::of(file).row(text(file))));
    lines.push(String::new());
    lines.push(head("what each moment fetches, bundled"));
    for moment in list(measured, "moments") {
        lines.push(cost(measured, text(moment)).row(text(moment)));
        let parts = list(moment, "parts");
        lines.extend(parts.map(|part| Sizes::of(part).row(&format!("  {}", text(part)))));
    }
    lines.push(String::new());
    lines.push(head("in all") + "    budget      goal");
    lines.extend(list(measured, "budgets").map(|budget| {
        let (most, goal) = (number(budget, "most"), number(budget, "goal"));
        format!("{}{most:>10}{goal:>10}", Sizes::of(budget).row(text(budget)))
    }));
    lines.join("\n") + "\n"
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn number(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.get("name").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(brotli: u64, most: u64) -> Value {
        json!({ "budgets": [{ "name": "all of it", "most": most, "brotli": brotli }] })
    }

    #[test]
    fn a_budget_holds_up_to_its_last_byte() {
        assert_eq!(within_budget(&measured(1_000, 1_000)), Ok(()));
    }

    #[test]
    fn a_budget_that_is_passed_is_named_with_both_figures() {
        let failure = within_budget(&measured(1_001, 1_000)).map_err(|failure| failure.to_string());
        assert!(failure.is_err_and(|text| text.contains("all of it costs 1001 bytes")));
    }

    #[test]
    fn a_moment_costs_what_its_parts_cost() {
        let parts =
            json!([{ "raw": 3, "gzip": 2, "brotli": 1 }, { "raw": 30, "gzip": 20, "brotli": 10 }]);
        let measured = json!({ "moments": [{ "name": "start", "parts": parts }] });
        let Sizes { raw, gzip, brotli } = cost(&measured, "start");
        assert_eq!((raw, gzip, brotli), (33, 22, 11));
    }

    #[test]
    fn every_budget_is_about_moments_that_are_measured() {
        let names: Vec<_> = MOMENTS.iter().map(|moment| moment.name).collect();
        let after = MOMENTS.iter().flat_map(|moment| moment.after.iter().copied());
        let counted = BUDGETS.iter().flat_map(|budget| budget.moments).map(|moment| moment.name);
        assert!(after.chain(counted).all(|name| names.contains(&name)));
    }
}
