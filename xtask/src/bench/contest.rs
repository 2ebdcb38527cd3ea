//! One run of the bench: who takes part, whose turn it is, and what it came to.

mod assertion;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};

use super::{
    Options,
    bundle::{Bundle, Start},
    cases::{self, CASES, CONTENDERS, Case, Contender, Credential, Guard},
    figures::{Figures, Starts},
    keys,
    load::{self, Load, Round},
    servers::{self, Server, first_answer, request},
};
use crate::{process, project::Project, tools::Tools};

/// How many keys are used again and again: the first of all.
const HOT: usize = 2;

/// For how many seconds a contender warms up before each of its turns: V8 compiles what runs often, JavaScript and WebAssembly,
/// after some ten thousand requests.
const WARM_UP: u32 = 8;

/// The contenders and their figures so far.
pub(super) struct Contest<'a> {
    project: &'a Project,
    tools: &'a Tools,
    options: &'a Options,
    folder: PathBuf,
    hot: keys::HotKeys,
    upstream: Server,
    /// Who takes part.
    bundles: Vec<(Contender, Bundle)>,
    counts_instructions: bool,
    pub(super) figures: Figures,
    pub(super) starts: BTreeMap<&'static str, Starts>,
    /// How many keys of a list each contender has used.
    used: BTreeMap<(&'static str, &'static str), u64>,
}

impl<'a> Contest<'a> {
    /// Makes the keys, and sees everybody answer.
    pub(super) fn prepare(
        project: &'a Project,
        tools: &'a Tools,
        options: &'a Options,
        cases: &[&Case],
    ) -> Result<Self> {
        let folder = project.state().join("bench");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let hot = keys::write(&folder, if options.quick { 20_000 } else { 200_000 })?;
        let upstream = servers::upstream(project, &folder).context("nginx")?;
        let mut contest = Self {
            project,
            tools,
            options,
            folder,
            hot,
            upstream,
            bundles: Vec::new(),
            counts_instructions: load::counts_instructions(),
            figures: Figures::default(),
            starts: BTreeMap::new(),
            used: BTreeMap::new(),
        };
        for case in cases {
            fs::write(contest.headers_of(case), contest.headers(case)?.join("\n") + "\n")?;
        }
        for contender in CONTENDERS {
            contest.add(contender).with_context(|| contender.id)?;
        }
        Ok(contest)
    }

    /// Starts a contender and looks at what the upstream receives from it.
    fn add(&mut self, contender: &Contender) -> Result<()> {
        let bundle = Bundle::make(self.project, self.tools, &self.folder, contender)?;
        let mut server = self.run(&bundle, &[contender.bindings], Start::Whole)?;
        let case = CASES.first().context("there is a case")?;
        let question = request("GET", "/echo", &self.headers(case)?);
        let port = server.port()?;
        let answer = first_answer(&mut server, port, &question).with_context(|| bundle.log())?;
        let received: Vec<&str> = answer.body().split('|').collect();
        let has_identity = matches!(
            received.as_slice(),
            ["", "acct_0", "key_00000001", "secret", "live", id, _] if id.len() == 36
        );
        let forwards = matches!(contender.guard, Guard::Contract | Guard::Hono);
        if forwards && !has_identity {
            bail!("the upstream received {:?}\n{}", answer.text, bundle.log());
        }
        let is_signed = received.last().is_some_and(|assertion| !assertion.is_empty());
        if contender.id == cases::ASSERTION && !is_signed {
            say!("  {}: left out, this build signs nothing", contender.title);
            return Ok(());
        }
        self.bundles.push((*contender, bundle));
        Ok(())
    }

    /// Lets each contender have its turns at a case. Only wrong answers count of what warms up.
    pub(super) fn measure(&mut self, case: &Case) -> Result<()> {
        let load = self.load(case);
        for round in 1..=self.options.rounds {
            self.turns(case, &load, round)?;
            say!("  {}: round {round} of {}", case.title, self.options.rounds);
        }
        Ok(())
    }

    /// One turn of each contender that has a part in the case, each in a process that starts for it and ends with it: one start of a
    /// program differs from another throughout, by where its memory happens to be.
    fn turns(&mut self, case: &Case, load: &Load, round: u32) -> Result<()> {
        let count = self.bundles.len();
        for turn in 0..count {
            process::check_interrupted()?;
            let index = turn.wrapping_add(usize::try_from(round)?).checked_rem(count).unwrap_or(0);
            let (contender, bundle) =
                self.bundles.get(index).context("a contender for each turn")?;
            if !case.has(contender.guard) {
                continue;
            }
            let server = self.start(bundle, &[contender.bindings])?;
            let port = server.port()?;
            let status = case.status(contender.guard);
            let used = self.used.entry((contender.id, case.id)).or_default();
            let mut send = |seconds| -> Result<Round> {
                let measured = load
                    .send(&server, port, status, seconds, *used, self.counts_instructions)
                    .with_context(|| format!("{}, {}\n{}", contender.id, case.id, bundle.log()))?;
                *used = used.saturating_add(measured.answers);
                check(measured, contender, case, bundle)?;
                Ok(measured)
            };
            if !self.options.quick {
                send(WARM_UP)?;
            }
            // At once: what lay idle for a minute has to warm up again.
            let measured = send(self.options.seconds)?;
            self.figures.add(case.id, contender.id, measured);
        }
        Ok(())
    }

    /// Starts a bundle with each of some bindings, and waits until all of them answer.
    fn start(&self, bundle: &Bundle, bindings: &[&str]) -> Result<Server> {
        let case = CASES.first().context("there is a case")?;
        let question = request(case.method, case.target, &self.headers(case)?);
        let mut server = self.run(bundle, bindings, Start::Whole)?;
        for port in server.ports.clone() {
            first_answer(&mut server, port, &question).with_context(|| bundle.log())?;
        }
        Ok(server)
    }

    fn run(&self, bundle: &Bundle, bindings: &[&str], start: Start) -> Result<Server> {
        bundle.start(self.project, self.tools, bindings, self.upstream.port()?, start)
    }

    /// What is sent in a case.
    fn load(&self, case: &Case) -> Load {
        Load {
            script: self.project.root().join("benches/edge/load.lua"),
            method: case.method,
            target: case.target,
            headers: self.headers_of(case),
            keys: match case.credential {
                Credential::Cold => Some(self.folder.join(keys::COLD)),
                Credential::Unknown => Some(self.folder.join(keys::UNKNOWN)),
                _ => None,
            },
            log: self.folder.join("wrk.log"),
        }
    }

    /// Measures how long it takes from nothing to an answer.
    pub(super) fn measure_starts(&mut self) -> Result<()> {
        let case = CASES.first().context("there is a case")?;
        let question = request(case.method, case.target, &self.headers(case)?);
        let rounds = if self.options.quick { 1 } else { self.options.rounds.max(9) };
        let taking_part: Vec<_> =
            self.bundles.iter().filter(|(contender, _)| case.has(contender.guard)).collect();
        for (_, bundle) in &taking_part {
            bundle.keep_records(HOT)?;
        }
        for round in 0..rounds {
            for turn in 0..taking_part.len() {
                process::check_interrupted()?;
                let index = turn
                    .wrapping_add(usize::try_from(round)?)
                    .checked_rem(taking_part.len())
                    .unwrap_or(0);
                let (contender, bundle) =
                    taking_part.get(index).context("a contender for each turn")?;
                let after = |start| -> Result<f64> {
                    let mut server = self.run(bundle, &[contender.bindings], start)?;
                    let port = server.port()?;
                    let answer =
                        first_answer(&mut server, port, &question).with_context(|| bundle.log())?;
                    ensure!(answer.status() == Some(200), "{}: {:?}", contender.id, answer.text);
                    Ok(answer.after.as_secs_f64() * 1e3)
                };
                let (loading, whole) = (after(Start::Loading)?, after(Start::Whole)?);
                let starts = self.starts.entry(contender.id).or_default();
                starts.loading.push(loading);
                starts.whole.push(whole);
            }
        }
        Ok(())
    }

    /// What the edge loads, in bytes: as it is, and by gzip.
    pub(super) fn sizes(&self) -> Result<Vec<(String, u64, u64)>> {
        let mut edge = self.bundles.iter().filter(|(contender, _)| contender.id == cases::KEYGUARD);
        let (_, bundle) = edge.next().context("the edge was not measured")?;
        bundle
            .files()
            .map(|(name, file)| {
                let bytes = fs::metadata(&file)?.len();
                Ok((name.to_owned(), bytes, gzipped(self.project, self.tools, &file)?))
            })
            .collect()
    }

    fn headers(&self, case: &Case) -> Result<Vec<String>> {
        let source = self.project.root().join("benches/edge");
        let cf = fs::read_to_string(source.join("cf.json"))?;
        let common = fs::read_to_string(source.join("headers.txt"))?;
        let mut headers: Vec<String> = common.lines().map(str::to_owned).collect();
        headers.push(format!("CF-Blob: {}", cf.trim_end()));
        headers.extend(case.headers.iter().map(|line| (*line).to_owned()));
        match case.credential {
            Credential::HotSecret => {
                headers.push(format!("Authorization: Bearer {}", self.hot.secret));
            }
            Credential::HotPublishable => {
                headers.push(format!("Authorization: Bearer {}", self.hot.publishable));
            }
            Credential::Malformed => headers.push("Authorization: Bearer one two".to_owned()),
            // The list's next key takes its place.
            Credential::None | Credential::Cold | Credential::Unknown => {}
        }
        Ok(headers)
    }

    fn headers_of(&self, case: &Case) -> PathBuf {
        self.folder.join(format!("{}.headers", case.id))
    }
}

/// One wrong answer ends the bench: what is measured has to be what was asked for.
fn check(measured: Round, contender: &Contender, case: &Case, bundle: &Bundle) -> Result<()> {
    ensure!(
        measured.wrong == 0,
        "{}, {}: {} of {} answers were not {}\n{}",
        contender.title,
        case.title,
        measured.wrong,
        measured.answers,
        case.status(contender.guard),
        bundle.log(),
    );
    Ok(())
}

/// The size of a file by gzip, as deployments are counted.
fn gzipped(project: &Project, tools: &Tools, file: &Path) -> Result<u64> {
    let mut gzip = tools.node(project, "--print");
    gzip.arg("zlib.gzipSync(fs.readFileSync(process.argv[1]), { level: 9 }).length").arg(file);
    Ok(process::capture(gzip)?.trim().parse()?)
}
