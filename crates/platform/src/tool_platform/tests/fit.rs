//! What the tools of a server cannot carry, as it is told before anybody approves it.

use chimera_effect::{ContentPart, Platform as _};

use super::built_in::{bound, post_of};
use super::*;

#[test]
fn what_can_never_be_sent_is_told_before_an_approval() {
    let long = format!("{}\nand the rest", "t".repeat(101));
    let (pictures, video, paper) = (["image/png", "image/png"], ["video/mp4"], ["application/pdf"]);
    for (server, text, types, expected) in [
        ("yt-studio-mcp", "A title", &video[..], vec![]),
        ("yt-studio-mcp", long.as_str(), &video, vec![(ContentPart::Text, ErrorCode::ContentTooLong)]),
        ("yt-studio-mcp", "\nno title", &video, vec![(ContentPart::Text, ErrorCode::ValidationError)]),
        (
            "yt-studio-mcp",
            long.as_str(),
            &[],
            vec![
                (ContentPart::Media, ErrorCode::ValidationError),
                (ContentPart::Text, ErrorCode::ContentTooLong),
            ],
        ),
        ("yt-studio-mcp", "A title", &pictures[..1], vec![(ContentPart::Media, ErrorCode::ValidationError)]),
        (
            "tiktok-studio-mcp",
            "Words",
            &pictures[..1],
            vec![(ContentPart::Media, ErrorCode::ValidationError)],
        ),
        ("tiktok-studio-mcp", "Words", &video, vec![]),
        ("tiktok-studio-mcp", "Words", &[], vec![(ContentPart::Media, ErrorCode::ValidationError)]),
        ("meta-threads-mcp", "Words", &[], vec![]),
        ("meta-threads-mcp", "Words", &video, vec![]),
        ("meta-threads-mcp", "Words", &pictures, vec![(ContentPart::Media, ErrorCode::ValidationError)]),
        ("meta-threads-mcp", "Words", &paper, vec![(ContentPart::Media, ErrorCode::ValidationError)]),
        ("ldraney-linkedin-mcp", "Words", &pictures, vec![]),
    ] {
        let world = bound(server, |binding| binding.account("me"), Vec::new());
        let files: Vec<String> = (0..types.len()).map(|at| format!("{at}.bin")).collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let effect = post_of(server, "me", text, &files);
        let types: Vec<String> = types.iter().map(|media_type| (*media_type).to_owned()).collect();
        let told = world.platform.unfit(effect.content(), &types);
        let parts: Vec<_> = told.iter().map(|unfit| (unfit.part, unfit.code)).collect();
        assert_eq!(parts, expected, "{server} {text:?} {types:?}: {told:?}");
    }
}
