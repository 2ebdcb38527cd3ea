//! What the scanners look through: the JavaScript of installed packages.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

/// The folder that is looked through.
pub(super) struct Corpus {
    pub(super) folder: PathBuf,
    pub(super) files: Vec<PathBuf>,
    pub(super) bytes: u64,
}

impl Corpus {
    /// Copies the largest of the packages' JavaScript, but for the few giants, into one folder.
    pub(super) fn assemble(modules: &Path, folder: &Path) -> Result<Self> {
        let mut found = Vec::new();
        collect(modules, &mut found)?;
        found.sort_by(|a, b| b.cmp(a));
        found.retain(|(bytes, _)| *bytes <= LARGEST);
        ensure!(found.len() >= FILES, "benches/scan has only {} files", found.len());
        // So many of the largest, and the rest of the smaller ones, that the sum comes close.
        let mut first = 0_usize;
        let sum = |first: usize| -> u64 {
            found.iter().skip(first).take(FILES).map(|(bytes, _)| bytes).sum()
        };
        while sum(first) > BYTES && first.saturating_add(FILES) < found.len() {
            first = first.saturating_add(1);
        }
        let _ = fs::remove_dir_all(folder);
        let mut corpus = Self { folder: folder.to_owned(), files: Vec::new(), bytes: 0 };
        for (index, (bytes, source)) in found.iter().skip(first).take(FILES).enumerate() {
            let name = source.strip_prefix(modules)?.to_string_lossy().replace('/', "__");
            let part = folder.join(format!("{:02}", index % 50));
            fs::create_dir_all(&part)?;
            let file = part.join(name);
            fs::copy(source, &file)?;
            corpus.bytes = corpus.bytes.saturating_add(*bytes);
            corpus.files.push(file);
        }
        Ok(corpus)
    }
}

fn collect(folder: &Path, found: &mut Vec<(u64, PathBuf)>) -> Result<()> {
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let entry = entry?;
        let kind = entry.file_type()?;
        let path = entry.path();
        if kind.is_dir() {
            collect(&path, found)?;
        } else if kind.is_file()
            && path.extension().is_some_and(|end| ["js", "mjs", "cjs"].iter().any(|js| end == *js))
        {
            found.push((entry.metadata()?.len(), path));
        }
    }
    Ok(())
}

const FILES: usize = 5_000;
const BYTES: u64 = 120_000_000;
const LARGEST: u64 = 2_000_000;
