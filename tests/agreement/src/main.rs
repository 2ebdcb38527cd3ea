//! What the native build says: `digest SEED FROM TO`, `story SEED NUMBER` or `verdicts SEED FROM TO`.

use std::{env, process::ExitCode};

use keyguard_agreement::{digest, story, verdicts};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let Some(said) = say(&words) else {
        eprintln!("usage: digest SEED FROM TO | story SEED NUMBER | verdicts SEED FROM TO");
        return ExitCode::FAILURE;
    };
    println!("{said}");
    ExitCode::SUCCESS
}

fn say(words: &[&str]) -> Option<String> {
    let number = |word: &str| word.parse().ok();
    match words {
        ["digest", seed, from, to] => Some(digest(number(seed)?, number(from)?, number(to)?)),
        ["story", seed, at] => Some(story(number(seed)?, number(at)?)),
        ["verdicts", seed, from, to] => {
            let counts = verdicts(number(seed)?, number(from)?, number(to)?);
            let lines: Vec<String> =
                counts.iter().map(|(verdict, count)| format!("{verdict} {count}")).collect();
            Some(lines.join("\n"))
        }
        _ => None,
    }
}
