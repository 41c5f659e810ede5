//! The two tables: how a text is shown, and what kind of list it is shown in.

use chimera::effect::EffectKind;

/// What becomes public.
pub(super) const KINDS: [EffectKind; 6] = [
    EffectKind::Publish,
    EffectKind::Reply,
    EffectKind::Comment,
    EffectKind::Share,
    EffectKind::Like,
    EffectKind::Follow,
];

/// The words of every kind that has some.
pub(super) const TEXT: &str = "It's out & open: our \"spring\" release (version 2) -- read more at https://example.com/release?id=1 \
                        \u{2764}\u{fe0f} \u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} in every caf\u{e9}  near you #launch #spring";

/// The text of a kind.
pub(super) const fn text_of(kind: EffectKind) -> &'static str {
    match kind {
        EffectKind::Like | EffectKind::Follow => "",
        _ => TEXT,
    }
}

/// A way in which platforms and servers show a text.
pub(super) struct Form {
    pub(super) name: &'static str,
    pub(super) show: fn(&str) -> String,
    /// Whether it is the same text when it is folded, or within the wrapper that the profile names.
    pub(super) same: bool,
    /// Whether the item says that it was edited.
    pub(super) edited: bool,
}

const fn same(name: &'static str, show: fn(&str) -> String) -> Form {
    Form { name, show, same: true, edited: false }
}

const fn doubtful(name: &'static str, show: fn(&str) -> String) -> Form {
    Form { name, show, same: false, edited: false }
}

fn entities(text: &str) -> String {
    text.replace('&', "&amp;").replace('\'', "&#039;").replace('"', "&quot;").replace('\u{e9}', "&eacute;")
}

fn little_text(text: &str) -> String {
    let escaped: String = text
        .chars()
        .flat_map(|letter| {
            let reserved = "|{}@[]()<>#\\*_~".contains(letter);
            reserved.then_some('\\').into_iter().chain([letter])
        })
        .collect();
    escaped.replace("\\#launch", "{hashtag|\\#|launch}")
}

fn first(text: &str, count: usize) -> String {
    text.chars().take(count).collect()
}

/// Every form, each with its report or platform where there is one (`cases/outside.md`, L1 to L7).
pub(super) const FORMS: &[Form] = &[
    same("as it is", str::to_owned),
    same("with entities", entities),
    same("escaped twice", |text| entities(&entities(text))),
    same("in little text", little_text),
    same("with curly quotes and dashes", |text| {
        text.replace('\'', "\u{2019}")
            .replacen('"', "\u{201c}", 1)
            .replace('"', "\u{201d}")
            .replace("--", "\u{2014}")
    }),
    same("without selectors and joiners", |text| text.replace(['\u{fe0f}', '\u{200d}'], "")),
    same("decomposed", |text| text.replace('\u{e9}', "e\u{301}")),
    same("with other white space", |text| {
        format!("\u{200b}{}\r\n", text.replace("  ", " ").replace(" in ", "\n\u{a0}in "))
    }),
    same("with a link of the platform", |text| {
        text.replace("https://example.com/release?id=1", "https://t.co/Ab3dE")
    }),
    same("in the wrapper of the profile", |text| format!("Posted with Us: {text} (via us)")),
    doubtful("in upper case", |text| text.to_uppercase()),
    doubtful("shortened with dots", |text| format!("{}\u{2026}", first(text, 40))),
    doubtful("shortened with dots in brackets", |text| format!("{} [...]", first(text, 40))),
    doubtful("shortened without dots", |text| first(text, 40)),
    doubtful("without its hashtags", |text| text.replace("#launch #spring", "")),
    doubtful("empty", |_| String::new()),
    Form { name: "edited", show: |_| "We took this one back, sorry".to_owned(), same: false, edited: true },
    doubtful("in an unknown wrapper", |text| format!("Reminder: {text}")),
];

/// A kind of list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// The account's own by the profile's word, complete.
    Own,
    /// Everybody's, each item with its author, complete.
    ByAuthor,
    /// What was done to the target, by everybody.
    ByTarget,
    /// Two items a page.
    Paged,
    /// An old item first, then newest first; it does not say that it is complete.
    PinnedFirst,
    /// Complete, and no item has a time.
    WithoutTimes,
    /// Nothing older is there, and the list does not say that it is complete.
    NewAccount,
    /// Complete, and people post other things by hand all the time.
    ByHand,
}

/// Every kind of list.
pub(super) const LISTS: [List; 8] = [
    List::Own,
    List::ByAuthor,
    List::ByTarget,
    List::Paged,
    List::PinnedFirst,
    List::WithoutTimes,
    List::NewAccount,
    List::ByHand,
];

impl List {
    /// Whether its items show when they were made.
    pub(super) fn shows_times(self) -> bool {
        self != Self::WithoutTimes
    }

    /// Whether it is the account's own by the profile's word.
    pub(super) fn is_own(self) -> bool {
        !matches!(self, Self::ByAuthor | Self::ByTarget)
    }

    /// Whether it says that it is complete.
    pub(super) fn says_complete(self) -> bool {
        !matches!(self, Self::Paged | Self::PinnedFirst | Self::NewAccount)
    }

    /// Whether nothing of ours in it means that nothing is there.
    pub(super) fn proves_absence(self, kind: EffectKind) -> bool {
        match self {
            Self::NewAccount => false,
            // By reach: the times of liked posts are not times of likes.
            Self::PinnedFirst => !matches!(kind, EffectKind::Like | EffectKind::Follow),
            _ => true,
        }
    }
}

/// The profile of the server for a kind of effect and of list.
pub(super) fn profile(kind: EffectKind, list: List) -> String {
    let words = !matches!(kind, EffectKind::Like | EffectKind::Follow);
    let name = kind.as_str();
    let mut lines = vec![
        "name = \"matrix\"".to_owned(),
        "[platforms.twitter]".to_owned(),
        "timeout_ms = 10000\nsettle_ms = 15000\nprice = { micros = 0, currency = \"USD\" }".to_owned(),
    ];
    let list_section = if kind == EffectKind::Publish {
        "[platforms.twitter.list]".to_owned()
    } else {
        let of = if kind == EffectKind::Follow { "user" } else { "post" };
        lines.push(format!("[platforms.twitter.targets]\n{of} = '[a-z0-9_]+'"));
        format!("[platforms.twitter.{name}.list]")
    };
    let text = if words { ", text = \"{text}\"" } else { "" };
    lines.push(format!("[platforms.twitter.{name}]\ntool = \"act\""));
    lines.push(match kind {
        EffectKind::Publish => "arguments = { text = \"{text}\", account = \"{account}\" }".to_owned(),
        _ => format!("arguments = {{ target = \"{{target}}\", account = \"{{account}}\"{text} }}"),
    });
    match kind {
        EffectKind::Publish => {}
        EffectKind::Follow => lines.push("target_kind = \"user\"".to_owned()),
        _ => lines.push("target_kind = \"post\"".to_owned()),
    }
    lines.push(if words {
        "id = \"/id\"".to_owned()
    } else {
        format!(
            "id_template = \"{name}:{{target}}:{{key}}\"\nconfirm = {{ pointer = \"/done\", equals = true }}"
        )
    });
    lines.push(list_section);
    let of_target = list == List::ByTarget && kind != EffectKind::Publish;
    let argument = if of_target { "target = \"{target}\"" } else { "account = \"{account}\"" };
    lines.push(format!("tool = \"list\"\narguments = {{ {argument} }}\nitems = \"/items\"\nid = \"/id\""));
    lines.push(if list.is_own() { "own = true".to_owned() } else { "author = \"/author\"".to_owned() });
    if words {
        lines.push("text = \"/text\"".to_owned());
        lines.push("wraps = [{ begin = \"Posted with Us: \", end = \" (via us)\" }]".to_owned());
        lines.push("edited = \"/edited\"".to_owned());
    }
    if kind != EffectKind::Publish {
        lines.push("target = \"/target\"".to_owned());
    }
    if list.shows_times() {
        lines.push("created_at = \"/created_at\"".to_owned());
    }
    if list.says_complete() {
        lines.push("complete = \"/complete\"".to_owned());
    }
    if list == List::Paged {
        lines.push("next = \"/paging/next\"\nnext_argument = \"after\"".to_owned());
    }
    lines.join("\n")
}
