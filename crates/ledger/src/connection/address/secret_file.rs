//! Files that hold a secret: read only where nobody else may read them, as libpq does it.

use super::error::AddressError;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Reads a file; fails where the group or others have rights on it. Root's own may be read by a group, since
/// mounted secrets are so.
pub(crate) fn read(what: &'static str, path: &Path) -> Result<String, AddressError> {
    let file = |source| AddressError::File { what, path: path.to_owned(), source };
    let metadata = std::fs::metadata(path).map_err(file)?;
    let mode = metadata.mode() & 0o777;
    let forbidden = if metadata.uid() == 0 { 0o037 } else { 0o077 };
    if metadata.is_file() && mode & forbidden != 0 {
        return Err(AddressError::Exposed { what, path: path.to_owned(), mode });
    }
    std::fs::read_to_string(path).map_err(file)
}
