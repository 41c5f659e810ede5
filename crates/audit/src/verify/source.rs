//! Where the verifier reads from: lines, and nothing that a writer of the log also uses.

use std::io::{self, BufRead, Read as _};

/// The longest line that is read, so that a file without line ends does not fill the memory.
const MAX_LINE: u64 = 64 << 20;

/// An export, line by line.
///
/// # Contract
/// - `next_line` gives the lines in order, each whole and without its line feed; then `None`, also when asked again.
/// - A last line that has no line feed is an error of kind [`io::ErrorKind::UnexpectedEof`]: the export was cut there.
pub trait ExportSource {
    /// The next line.
    ///
    /// # Errors
    /// When the source cannot be read, or its last line is cut off.
    fn next_line(&mut self) -> io::Result<Option<Vec<u8>>>;
}

impl<R: BufRead> ExportSource for R {
    fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        if self.take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        match line.pop_if(|byte| *byte == b'\n') {
            Some(_) => Ok(Some(line)),
            None if line.len() as u64 == MAX_LINE => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("a line is longer than {MAX_LINE} bytes"),
            )),
            None => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "a line has no end")),
        }
    }
}
