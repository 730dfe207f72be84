//! The user that the server runs as, and what that user can reach.
//!
//! PostgreSQL refuses to run as root. Started by root it runs as `postgres`, else as `nobody`;
//! started by anyone else it runs as that user. Used wherever a program of PostgreSQL
//! or makes a folder for it.

use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::error::{StartError, file_error};

/// Who the server runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// Name, or the number where there is no name; for messages.
    pub(crate) name: String,
    /// User id.
    pub(crate) uid: u32,
    /// Primary group id.
    pub(crate) gid: u32,
    /// Whether we are root and have to change to this user.
    switches: bool,
}

impl Account {
    /// Finds the account for this process.
    ///
    /// Errors: the process is root and there is neither `postgres` nor `nobody`.
    pub(crate) fn of_server() -> Result<Self, StartError> {
        let uid = rustix::process::geteuid().as_raw();
        let gid = rustix::process::getegid().as_raw();
        if uid != 0 {
            return Ok(Self { name: format!("uid {uid}"), uid, gid, switches: false });
        }
        let path = Path::new("/etc/passwd");
        let passwd = std::fs::read_to_string(path).map_err(file_error("read", path))?;
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| Self::in_passwd(&passwd, name))
            .ok_or(StartError::NoUnprivilegedUser)
    }

    /// Looks a user up in the text of a passwd file; never root under another name.
    fn in_passwd(passwd: &str, name: &str) -> Option<Self> {
        passwd.lines().find_map(|line| {
            let mut fields = line.split(':');
            if fields.next() != Some(name) {
                return None;
            }
            let uid = fields.nth(1)?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            (uid != 0).then(|| Self { name: name.to_owned(), uid, gid, switches: true })
        })
    }

    /// Whether we are root and have to change to this user.
    pub(crate) fn switches(&self) -> bool {
        self.switches
    }

    /// Makes `command` run as this user.
    pub(crate) fn apply_to(&self, command: &mut Command) {
        if self.switches {
            // `uid` also clears root's supplementary groups.
            command.uid(self.uid).gid(self.gid);
        }
    }

    /// Gives `path` to this user.
    pub(crate) fn own(&self, path: &Path) -> Result<(), StartError> {
        if self.switches {
            chown(path, Some(self.uid), Some(self.gid))
                .map_err(file_error("change owner of", path))?;
        }
        Ok(())
    }

    /// Checks that this user may pass through every folder above `path`.
    ///
    /// Errors: [`StartError::Unreachable`] names the first folder that bars the way.
    pub(crate) fn check_reaches(&self, path: &Path) -> Result<(), StartError> {
        if !self.switches {
            // Who is not switched to meets the same permissions as we do.
            return Ok(());
        }
        let absolute = path.canonicalize().map_err(file_error("resolve", path))?;
        let mut folders: Vec<&Path> = absolute.ancestors().skip(1).collect();
        folders.reverse();
        for folder in folders {
            let metadata = folder.metadata().map_err(file_error("inspect", folder))?;
            let execute_bit = if metadata.uid() == self.uid {
                0o100
            } else if metadata.gid() == self.gid {
                0o010
            } else {
                0o001
            };
            if metadata.mode() & execute_bit == 0 {
                return Err(StartError::Unreachable {
                    user: self.name.clone(),
                    path: path.to_owned(),
                    obstacle: folder.to_owned(),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Account;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\n\
                          nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin\n\
                          toor:x:0:0::/root:/bin/sh\n";

    #[test]
    fn a_user_is_read_from_passwd_and_root_under_another_name_is_not_taken() {
        let nobody = Account::in_passwd(PASSWD, "nobody").unwrap();
        assert_eq!((nobody.uid, nobody.gid), (65534, 65533));
        assert_eq!(Account::in_passwd(PASSWD, "toor"), None);
        assert_eq!(Account::in_passwd(PASSWD, "postgres"), None);
    }
}
