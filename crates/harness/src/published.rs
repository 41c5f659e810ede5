//! Cases that other people published, found by where they lie and what they hold.
//!
//! A test that names files or counts them passes over one copy of the cases and fails over the next; a test that passes
//! over nothing proves nothing. So the folder is walked, each case is judged by the first kind that knows its shape, and
//! the end counts: what failed, what no kind knows, and whether anything was judged at all.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde_json::Value;

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its file, below the folder, and its place there.
    pub place: String,
    /// The case itself.
    pub value: Value,
    /// What its file says beside its cases: shared inputs, a source. `null` where the file is the case.
    pub file: Rc<Value>,
}

/// What comes of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// It is as the case says.
    Passed,
    /// It is not; in words.
    Failed(String),
    /// The case is about something that is not done here; in words.
    NotCovered(String),
}

impl Case {
    /// The cases of a list inside this one, each with the rest of this one beside it; none where there is no such list.
    #[must_use]
    pub fn inner(&self, list: &str) -> Vec<Self> {
        let mut rest = self.value.clone();
        let items = rest.as_object_mut().and_then(|members| members.remove(list));
        let Some(Value::Array(items)) = items else { return Vec::new() };
        let file = Rc::new(rest);
        let case = |(number, value)| Self {
            place: format!("{} {list} #{number}", self.place),
            value,
            file: Rc::clone(&file),
        };
        items.into_iter().enumerate().map(case).collect()
    }
}

impl Judged {
    /// Passed if both are equal.
    pub fn equal<T: PartialEq + std::fmt::Debug>(found: &T, expected: &T) -> Self {
        if found == expected { Self::Passed } else { Self::Failed(format!("{found:?} for {expected:?}")) }
    }
}

/// A kind of case: its name, how it is known, how it is judged.
pub type Kind = (&'static str, fn(&Case) -> bool, fn(&Case) -> Judged);

/// A folder of published cases, and what came of those that were judged.
#[derive(Debug)]
pub struct Published {
    folder: PathBuf,
    covered: BTreeMap<&'static str, usize>,
    not_covered: BTreeMap<String, usize>,
    failed: Vec<String>,
}

impl Published {
    /// The folder of this name below the one that `CHIMERA_CONFORMANCE` names, else beside the repository. `None`, said
    /// aloud, where it is missing.
    #[must_use]
    pub fn find(folder: &str) -> Option<Self> {
        let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
        let root = std::env::var_os("CHIMERA_CONFORMANCE").map_or_else(beside, PathBuf::from);
        let folder = root.join(folder);
        if folder.is_dir() {
            return Some(Self::at(folder));
        }
        println!("skipped: published cases not found at {}", folder.display());
        None
    }

    /// This very folder.
    #[must_use]
    pub fn at(folder: PathBuf) -> Self {
        Self { folder, covered: BTreeMap::new(), not_covered: BTreeMap::new(), failed: Vec::new() }
    }

    /// Every file below the folder with this ending, in order; licences are left out.
    #[must_use]
    pub fn files(&self, ending: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(&self.folder, &mut found);
        found.retain(|path| path.to_string_lossy().ends_with(ending));
        found.sort();
        found
    }

    /// How a file is called in what is said about it.
    #[must_use]
    pub fn name(&self, file: &Path) -> String {
        file.strip_prefix(&self.folder).unwrap_or(file).display().to_string()
    }

    /// Every case of every JSON file below the folder: the items of a list, the items of `cases`, the lines of JSON
    /// lines, else the file itself.
    pub fn cases(&mut self) -> Vec<Case> {
        self.read(&self.files(""))
    }

    /// The cases of these files.
    pub fn read(&mut self, files: &[PathBuf]) -> Vec<Case> {
        let mut cases = Vec::new();
        for path in files {
            let place = self.name(path);
            let Some(text) = fs::read_to_string(path).ok().filter(|_| is_json(path)) else { continue };
            let read = if path.extension().is_some_and(|extension| extension == "jsonl") {
                text.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>().map(Value::Array)
            } else {
                serde_json::from_str(&text)
            };
            match read {
                Ok(file) => cases.extend(cases_of(&place, file)),
                Err(_) => self.not_covered("files that are no JSON for this reader"),
            }
        }
        cases
    }

    /// Judges each of these cases by the first kind that knows it.
    pub fn judge(&mut self, cases: impl IntoIterator<Item = Case>, kinds: &[Kind]) {
        for case in cases {
            match kinds.iter().find(|(_, knows, _)| knows(&case)) {
                Some((name, _, judge)) => self.count(name, &case.place, judge(&case)),
                None => self.not_covered(&shape(&case.value)),
            }
        }
    }

    /// Judges every case of the folder, and ends.
    ///
    /// # Panics
    /// As [`end`](Self::end) does.
    pub fn judge_all(mut self, kinds: &[Kind]) {
        let cases = self.cases();
        self.judge(cases, kinds);
        self.end();
    }

    /// Counts a case of a known kind. `place` says where it stands.
    pub fn count(&mut self, kind: &'static str, place: &str, judged: Judged) {
        match judged {
            Judged::NotCovered(why) => return self.not_covered(&format!("{kind}: {why}")),
            Judged::Failed(why) => self.failed.push(format!("{kind}, {place}: {why}")),
            Judged::Passed => {}
        }
        *self.covered.entry(kind).or_default() += 1;
    }

    /// Counts a case of a kind that is not known.
    pub fn not_covered(&mut self, kind: &str) {
        *self.not_covered.entry(kind.to_owned()).or_default() += 1;
    }

    /// Says what was judged and what was not.
    ///
    /// # Panics
    /// When a case failed, and when none was judged.
    pub fn end(self) {
        let folder = self.folder.display();
        for (kind, count) in &self.not_covered {
            println!("not covered: {count} of {kind}, in {folder}");
        }
        for (kind, count) in &self.covered {
            println!("{count} cases of {kind}, in {folder}");
        }
        assert!(self.failed.is_empty(), "{} cases failed:\n{}", self.failed.len(), self.failed.join("\n"));
        assert!(!self.covered.is_empty(), "{folder} is there and holds no case that is covered");
    }
}

/// Whether a case has all these members.
#[must_use]
pub fn has(value: &Value, members: &[&str]) -> bool {
    members.iter().all(|member| value.get(member).is_some())
}

/// What a case says about its kind, else the members that it has.
fn shape(value: &Value) -> String {
    match (value.get("kind").and_then(Value::as_str), value.as_object()) {
        (Some(kind), _) => format!("cases of kind `{kind}`"),
        (None, Some(members)) => {
            let names: Vec<_> = members.keys().take(8).map(String::as_str).collect();
            format!("cases with `{}`", names.join("`, `"))
        }
        (None, None) => "cases that are no objects".to_owned(),
    }
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "json" || extension == "jsonl")
}

fn cases_of(place: &str, mut file: Value) -> Vec<Case> {
    let items = match &mut file {
        Value::Array(_) => Some(std::mem::take(&mut file)),
        Value::Object(members) if members.get("cases").is_some_and(Value::is_array) => {
            members.remove("cases")
        }
        _ => None,
    };
    let Some(Value::Array(items)) = items else {
        return vec![Case { place: place.to_owned(), value: file, file: Rc::default() }];
    };
    let file = Rc::new(file);
    let case = |(number, value)| Case { place: format!("{place} #{number}"), value, file: Rc::clone(&file) };
    items.into_iter().enumerate().map(case).collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            found.push(path);
        } else if path.file_name().is_some_and(|name| name != "LICENSES") {
            walk(&path, found);
        }
    }
}
