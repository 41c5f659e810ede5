//! Numbers, ids and links as each platform writes them.

use super::Platform;

/// The start of X's id clock, in Unix milliseconds; ids of other moments would look wrong to a reader who decodes them.
const SNOWFLAKE_EPOCH_MS: u64 = 1_288_834_974_657;
/// Media ids of Instagram and Threads have seventeen digits and begin with 179 these days.
const META_ID_BASE: u64 = 17_900_000_000_000_000;
/// The alphabet of short codes, lowest digit first.
const SHORTCODE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl Platform {
    /// A number for something new: grows with the clock, and past `last` even when the clock went back.
    pub(crate) fn next_number(self, now_ms: u64, last: Option<u64>) -> u64 {
        let by_clock = match self {
            Self::Twitter => now_ms.saturating_sub(SNOWFLAKE_EPOCH_MS) << 22,
            Self::Instagram | Self::Threads => META_ID_BASE.saturating_add(now_ms),
            Self::LinkedIn | Self::YouTube => now_ms << 22,
            // Its ids begin with the second.
            Self::TikTok => (now_ms / 1_000) << 32,
        };
        last.map_or(by_clock, |last| by_clock.max(last.saturating_add(1)))
    }

    /// The id of a post, a comment or a share.
    pub(crate) fn post_id(self, number: u64) -> String {
        match self {
            Self::Twitter | Self::Instagram | Self::TikTok | Self::Threads => number.to_string(),
            Self::LinkedIn => format!("urn:li:share:{number}"),
            Self::YouTube => shortcode(number),
        }
    }

    /// The id of uploaded media.
    pub(crate) fn media_id(self, number: u64) -> String {
        match self {
            Self::LinkedIn => format!("urn:li:image:{number}"),
            other => other.post_id(number),
        }
    }

    /// The public link of a post.
    pub(crate) fn post_url(self, account: &str, number: u64) -> String {
        match self {
            Self::Twitter => format!("https://twitter.com/{account}/status/{number}"),
            Self::Instagram => format!("https://www.instagram.com/p/{}/", shortcode(number)),
            Self::LinkedIn => format!("https://www.linkedin.com/feed/update/{}", self.post_id(number)),
            Self::TikTok => format!("https://www.tiktok.com/@{account}/video/{number}"),
            Self::YouTube => format!("https://www.youtube.com/watch?v={}", shortcode(number)),
            Self::Threads => format!("https://www.threads.net/@{account}/post/{}", shortcode(number)),
        }
    }

    /// The number inside an id of [`post_id`](Self::post_id) or [`media_id`](Self::media_id).
    pub(crate) fn number_of(self, id: &str) -> Option<u64> {
        match self {
            Self::YouTube => number_of_shortcode(id),
            _ => id.rsplit(':').next()?.parse().ok(),
        }
    }
}

/// A number in base 64, as Instagram, Threads and `YouTube` write it.
fn shortcode(number: u64) -> String {
    let mut digits = Vec::new();
    let mut rest = number;
    while rest > 0 {
        let digit = usize::try_from(rest % 64).ok();
        digits.extend(digit.and_then(|digit| SHORTCODE.get(digit)).copied());
        rest /= 64;
    }
    digits.into_iter().rev().map(char::from).collect()
}

fn number_of_shortcode(code: &str) -> Option<u64> {
    code.bytes().try_fold(0_u64, |number, byte| {
        let digit = SHORTCODE.iter().position(|known| *known == byte)?;
        number.checked_mul(64)?.checked_add(u64::try_from(digit).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_only_grow() {
        for platform in Platform::ALL {
            let first = platform.next_number(1_790_000_000_000, None);
            let same_moment = platform.next_number(1_790_000_000_000, Some(first));
            let clock_went_back = platform.next_number(1_780_000_000_000, Some(same_moment));
            assert!(first < same_moment && same_moment < clock_went_back, "{platform}");
        }
    }

    #[test]
    fn ids_and_links_look_like_the_platforms() {
        let number = 1_755_123_456_789_012_345;
        let table = [
            (Platform::Twitter, "1755123456789012345", "https://twitter.com/me/status/1755123456789012345"),
            (
                Platform::LinkedIn,
                "urn:li:share:1755123456789012345",
                "https://www.linkedin.com/feed/update/urn:li:share:1755123456789012345",
            ),
            (Platform::TikTok, "1755123456789012345", "https://www.tiktok.com/@me/video/1755123456789012345"),
            (Platform::YouTube, "Bhbc3wi3V95", "https://www.youtube.com/watch?v=Bhbc3wi3V95"),
            (Platform::Threads, "1755123456789012345", "https://www.threads.net/@me/post/Bhbc3wi3V95"),
        ];
        for (platform, id, url) in table {
            assert_eq!(platform.post_id(number), id);
            assert_eq!(platform.post_url("me", number), url);
        }
        let photo = Platform::Instagram.post_url("me", 64 * 64 + 63);
        assert_eq!(photo, "https://www.instagram.com/p/BA_/");
    }

    #[test]
    fn an_id_holds_its_number() {
        for platform in Platform::ALL {
            let number = platform.next_number(1_790_000_000_000, None);
            assert_eq!(platform.number_of(&platform.post_id(number)), Some(number), "{platform}");
            assert_eq!(platform.number_of(&platform.media_id(number)), Some(number), "{platform}");
        }
        assert_eq!(Platform::YouTube.number_of("no such id"), None);
        assert_eq!(Platform::YouTube.number_of("_______________"), None);
    }
}
