//! A platform takes attempts, not effects.

async fn act(platform: &dyn chimera_effect::Platform, effect: chimera_effect::Effect) {
    platform.perform(&effect).await;
}

fn main() {}
