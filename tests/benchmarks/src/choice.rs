//! What the command line asks for.

use std::path::PathBuf;

use e2e::engine::Engine;

/// What is to be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// What one request costs.
    Requests,
    /// What one step-up costs.
    StepUps,
    /// What many requests at once cost, and many one after the other.
    Scale,
}

impl What {
    const ALL: [Self; 3] = [Self::Requests, Self::StepUps, Self::Scale];

    /// As on the command line and in the results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::StepUps => "step_ups",
            Self::Scale => "scale",
        }
    }
}

/// The command line, read.
#[derive(Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is to be measured.
    pub what: What,
    /// In which engines, in this order.
    pub engines: Vec<Engine>,
    /// With a few runs only, to see that it works.
    pub quick: bool,
    /// Of those who step up only the ones with this in their names.
    pub contenders: String,
    /// Where the results go; else they are printed.
    pub out: Option<PathBuf>,
}

impl Choice {
    /// Reads the arguments that follow the program's name.
    ///
    /// # Errors
    /// Says what is not understood.
    pub fn of(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = arguments;
        let name = arguments.next().unwrap_or_default();
        let what = What::ALL.into_iter().find(|what| what.name() == name);
        let what = what.ok_or_else(|| format!("{name:?} is not requests, step_ups or scale"))?;
        let mut choice = Self {
            what,
            engines: Engine::ALL.to_vec(),
            quick: false,
            contenders: String::new(),
            out: None,
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--quick" => choice.quick = true,
                "--engine" => {
                    let names = arguments.next().ok_or("--engine wants a list of names")?;
                    choice.engines = names.split(',').map(str::parse).collect::<Result<_, _>>()?;
                }
                "--contenders" => {
                    choice.contenders =
                        arguments.next().ok_or("--contenders wants a part of their names")?;
                }
                "--out" => {
                    choice.out = Some(arguments.next().ok_or("--out wants a file")?.into());
                }
                other => return Err(format!("{other:?} is not understood")),
            }
        }
        Ok(choice)
    }
}
