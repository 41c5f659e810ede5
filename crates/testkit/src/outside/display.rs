//! A scenario as a person reads it: what differs from a plain server and an honest call, and nothing else.

use std::fmt;

use super::nature::{ListNature, Nature};
use super::scenario::{Scenario, Wish};

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, on {}", self.seed, self.nature.platform)?;
        if let Some(lie) = self.lie {
            writeln!(f, "  the profile lies: {lie:?}")?;
        }
        writeln!(f, "  server: {}", self.nature.oddities())?;
        for (number, wish) in self.wishes.iter().enumerate() {
            writeln!(f, "  wish {number}: {}", wish.described(&self.words(number)))?;
        }
        for older in &self.older {
            let who = if older.stranger { "another account" } else { "the account" };
            writeln!(f, "  {} ms before: {who} had {:?}", older.age_ms, older.says)?;
        }
        for deed in &self.deeds {
            writeln!(f, "  at {} ms: a person {:?}", deed.at_ms, deed.what)?;
        }
        for event in &self.events {
            writeln!(f, "  at {} ms: {:?}", event.at_ms, event.what)?;
        }
        if self.person == super::scenario::Person::Late {
            writeln!(f, "  a person comes late")?;
        }
        Ok(())
    }
}

impl Wish {
    fn described(&self, words: &str) -> String {
        let mut told = format!("{} ", self.kind.as_str());
        if self.kind != chimera_effect::EffectKind::Publish {
            told.push_str(&format!("on target {} ", self.target));
        }
        if self.text.is_some() {
            told.push_str(&format!("{words:?} "));
        }
        for act in &self.acts {
            told.push_str(&format!(
                "\n    call: {:?}, says {:?} after {} ms",
                act.fate, act.reply, act.after_ms
            ));
        }
        if !self.looks.is_empty() {
            told.push_str(&format!("\n    looks: {:?}", self.looks));
        }
        if !self.shown.is_empty() {
            told.push_str(&format!("\n    shown: {:?}", self.shown));
        }
        told
    }
}

impl Nature {
    /// What differs from a plain server.
    fn oddities(&self) -> String {
        let plain = Self::plain(self.platform);
        let mut told = Vec::new();
        macro_rules! differs {
            ($($field:ident),*) => {$(
                if self.$field != plain.$field {
                    told.push(format!("{} {:?}", stringify!($field), self.$field));
                }
            )*};
        }
        differs!(
            timeout_ms,
            settle_ms,
            keys,
            reads_back,
            states,
            says_states,
            asks_state,
            ids,
            answers,
            echoes
        );
        differs!(error_words, get, clock_ms, lag_ms);
        match &self.list {
            None => told.push("no list".to_owned()),
            Some(list) => told.extend(list.oddities()),
        }
        if told.is_empty() { "plain".to_owned() } else { told.join(", ") }
    }
}

impl ListNature {
    fn oddities(&self) -> Vec<String> {
        let plain = Self::plain();
        let mut told = Vec::new();
        macro_rules! differs {
            ($($field:ident),*) => {$(
                if self.$field != plain.$field {
                    told.push(format!("list.{} {:?}", stringify!($field), self.$field));
                }
            )*};
        }
        differs!(
            scope, by_target, page, pages, complete, total, times, order, wraps, lone, edited, mixed, hides
        );
        differs!(broken, item_errors);
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_odd_is_told() {
        let mut scenario = Scenario::of_seed(0);
        scenario.nature = Nature::plain(scenario.nature.platform);
        assert!(scenario.to_string().contains("server: plain\n"));
        scenario.nature.lag_ms = 7;
        scenario.nature.list.as_mut().unwrap().page = 1;
        assert!(scenario.to_string().contains("server: lag_ms 7, list.page 1\n"));
    }
}
