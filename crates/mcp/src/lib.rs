#![doc = include_str!("../README.md")]

mod answer;
mod attempt;
mod backoff;
mod client;
mod clock;
mod command;
mod credentials;
mod gather;
mod group;
#[cfg(feature = "http")]
mod http;
mod in_flight;
mod inbox;
mod keeper;
mod known;
mod last_words;
mod late;
mod lines;
mod listing;
#[cfg(test)]
mod logged;
mod media_directory;
mod outline;
mod pipes;
mod pulse;
mod repair;
mod replies;
mod run;
#[cfg(test)]
mod scripted;
mod server;
mod start;
mod state;
mod ticket;
mod unready;
mod watch;
mod weight;

pub use clock::TokioClock;
pub use command::ServerCommand;
#[cfg(feature = "http")]
pub use http::{
    EndpointError, HttpAddress, HttpConnection, HttpConnector, HttpEndpoint, HttpServer, TcpConnector,
    TokenError, TokenProvider,
};
pub use media_directory::MediaDirectory;
pub use server::StdioServer;
