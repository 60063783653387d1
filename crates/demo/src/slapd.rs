//! An OpenLDAP server of one's own, from Debian's package: its files in a temporary folder, its
//! doors a Unix socket there and a port on loopback where passwords need StartTLS, its passwords
//! under a policy, its people a handful.

use crate::process::hold;
use anyhow::{Context, Result, bail, ensure};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getegid, geteuid};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::fs::{self, OpenOptions};
use std::io::{Read as _, Write as _};
use std::net::Ipv4Addr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;
use tokio::net::{TcpStream, UnixStream};
use tokio::process::Command;
use tokio::task::spawn_blocking;

/// Where Debian has programs for administrators.
const DEBIAN: &str = "/usr/sbin";

/// Long enough for a busy machine.
const START_LIMIT: Duration = Duration::from_secs(30);
/// How long to wait before asking again whether it listens.
const AGAIN: Duration = Duration::from_millis(5);

const CONFIGURATION: &str = include_str!("slapd/slapd.conf");
const PEOPLE: &str = include_str!("slapd/people.ldif");

/// How long before the start the one who left did, in seconds: within the time in which data can
/// be rescued.
pub const LEFT_BEFORE: i64 = 60 * 86_400;

/// Where the people are.
pub const PEOPLE_DN: &str = "ou=people,dc=univ,dc=example";
/// Who may look at them and set their passwords.
pub const BIND_DN: &str = "cn=portal,dc=univ,dc=example";
/// Everybody's password at first.
pub const FIRST_PASSWORD: &str = "first-Passw0rd";

/// A running (or stopped) server. It ends, and its files go, when it is dropped or when this
/// process ends, however it ends.
pub struct Slapd {
    folder: PathBuf,
    port: u16,
    /// Open as long as the server lives.
    alive: Mutex<Option<ChildStdout>>,
    /// Ends the server when its standard input closes.
    keeper: Child,
}

impl Slapd {
    /// Starts a fresh server with the people of `slapd/people.ldif`.
    ///
    /// # Errors
    /// If Debian's packages `slapd` and `ldap-utils` are missing, or the server does not start.
    pub async fn start() -> Result<Self> {
        // Not beside the caller's files: the path of a socket has at most 107 bytes.
        let folder = TempDir::with_prefix("slapd")?;
        let at = folder.path();
        fs::create_dir(at.join("data"))?;
        certify(at)?;
        let password = random_text()?;
        write_private(&at.join("bind-password"), &password)?;
        let configuration = CONFIGURATION
            .replace("{folder}", &at.display().to_string())
            .replace("{uid}", &geteuid().to_string())
            .replace("{gid}", &getegid().to_string());
        fs::write(at.join("slapd.conf"), configuration)?;
        let people = PEOPLE
            .replace("{bind_password}", &password)
            .replace("{left}", &generalized_time(now()? - LEFT_BEFORE)?);
        write_private(&at.join("people.ldif"), &people)?;
        let mut slapadd = Command::new(program("slapadd")?);
        slapadd.arg("-q").arg("-f").arg(at.join("slapd.conf"));
        run(slapadd.arg("-l").arg(at.join("people.ldif"))).await?;
        let port = crate::process::free_port()?;
        let keeper = keeper(at)?;
        let server = Self {
            folder: folder.keep(),
            port,
            alive: Mutex::default(),
            keeper,
        };
        server.start_again().await?;
        Ok(server)
    }

    /// Its address on loopback, for StartTLS.
    pub fn url(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.port)
    }

    /// Its socket, where whoever runs this program is the administrator.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("ldapi")
    }

    fn socket_url(&self) -> String {
        let path = self.socket().display().to_string();
        format!("ldapi://{}", path.replace('/', "%2F"))
    }

    /// The certificate of the authority that vouches for it, PEM.
    pub fn ca(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// The file with the password of [`BIND_DN`].
    pub fn bind_password(&self) -> PathBuf {
        self.folder.join("bind-password")
    }

    /// The portal's settings for it, TOML.
    pub fn settings(&self) -> String {
        format!(
            r#"[directory]
kind = "ldap"
[directory.ldap]
url = "{url}"
ca = "{ca}"
bind_dn = "{BIND_DN}"
bind_password = "{password}"
base = "{PEOPLE_DN}"
names = ["cn", "displayName"]
own_mailbox = ["mail"]
outside_mailbox = ["mailRoutingAddress"]
person = "employeeNumber"
revoked_at = "schacExpiryDate"
locked = {{ attribute = "pwdAccountLockedTime", value = "000001010000Z" }}
password_changed_at = "pwdChangedTime"
account_kind = {{ attribute = "employeeType", student = ["student"], staff = ["staff"] }}
"#,
            url = self.url(),
            ca = self.ca().display(),
            password = self.bind_password().display(),
        )
    }

    /// Whether an account's password is this one, as a client of others sees it.
    ///
    /// # Errors
    /// If the server answers anything else than yes or no.
    pub async fn accepts(&self, account: &str, password: &str) -> Result<bool> {
        let mut whoami = Command::new("ldapwhoami");
        whoami.args(["-x", "-ZZ", "-H", &self.url()]);
        whoami.args(["-D", &format!("uid={account},{PEOPLE_DN}")]);
        whoami.args(["-w", password]);
        whoami.env("LDAPTLS_CACERT", self.ca());
        let ended = whoami.stdin(Stdio::null()).output().await;
        let ended = ended.context("starting ldapwhoami (Debian: ldap-utils)")?;
        match ended.status.code() {
            Some(0) => Ok(true),
            // RFC 4511: invalidCredentials.
            Some(49) => Ok(false),
            _ => bail!("ldapwhoami: {}", String::from_utf8_lossy(&ended.stderr)),
        }
    }

    /// Changes entries as the administrator: LDIF with `changetype`, or entries to add.
    ///
    /// # Errors
    /// What the server says.
    pub async fn change(&self, ldif: &str) -> Result<()> {
        let file = self.folder.join("change.ldif");
        write_private(&file, ldif)?;
        let mut modify = Command::new("ldapmodify");
        modify.args(["-a", "-Q", "-Y", "EXTERNAL", "-H", &self.socket_url()]);
        run(modify.arg("-f").arg(file)).await.map(drop)
    }

    /// The values of one attribute of an account, as the administrator sees them.
    ///
    /// # Errors
    /// What the server says.
    pub async fn values(&self, account: &str, attribute: &str) -> Result<Vec<String>> {
        let mut search = Command::new("ldapsearch");
        search.args(["-LLL", "-Q", "-Y", "EXTERNAL", "-H", &self.socket_url()]);
        search.args(["-o", "ldif-wrap=no", "-s", "base", "-b"]);
        search.arg(format!("uid={account},{PEOPLE_DN}"));
        let found = run(search.args(["(objectClass=*)", attribute])).await?;
        let name = format!("{attribute}: ");
        let values = found.lines().filter_map(|line| line.strip_prefix(&name));
        Ok(values.map(str::to_owned).collect())
    }

    /// Stops it in good order.
    ///
    /// # Errors
    /// If it does not run.
    pub async fn stop(&self) -> Result<()> {
        self.signal(Signal::SIGTERM)?;
        let alive = self
            .alive
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        Ok(spawn_blocking(|| has_ended(alive)).await?)
    }

    /// Holds it: it keeps its connections, takes new ones, and answers nobody.
    ///
    /// # Errors
    /// If it does not run.
    pub async fn hold(&self) -> Result<()> {
        hold(self.process()?).await
    }

    /// Lets it go on after [`Slapd::hold`].
    ///
    /// # Errors
    /// If it does not run.
    pub fn go_on(&self) -> Result<()> {
        self.signal(Signal::SIGCONT)
    }

    /// Starts it after [`Slapd::stop`], at the same addresses.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn start_again(&self) -> Result<()> {
        // It leaves for the background once it is set up. What stays open there ends with it.
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", "exec \"$@\" 3>&1 >/dev/null", "sh"]);
        shell.arg(program("slapd")?);
        shell.arg("-f").arg(self.folder.join("slapd.conf"));
        shell.args(["-h", &format!("{}/ {}/", self.url(), self.socket_url())]);
        shell.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut started = shell.spawn().context("starting sh")?;
        let alive = started.stdout.take();
        let status = spawn_blocking(move || started.wait()).await??;
        ensure!(status.success(), "slapd did not start: {status}");
        *self.alive.lock().unwrap_or_else(PoisonError::into_inner) = alive;
        let listens = tokio::time::timeout(START_LIMIT, self.listens()).await;
        listens.context("slapd does not listen")
    }

    /// It goes to the background a moment before it listens, and tells nobody when.
    async fn listens(&self) {
        let mut again = tokio::time::interval(AGAIN);
        loop {
            again.tick().await;
            let tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await;
            let socket = UnixStream::connect(self.socket()).await;
            if tcp.is_ok() && socket.is_ok() {
                return;
            }
        }
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        Ok(kill(self.process()?, signal)?)
    }

    fn process(&self) -> Result<Pid> {
        let process = fs::read_to_string(self.folder.join("slapd.pid")).context("it is stopped")?;
        Ok(Pid::from_raw(process.trim().parse()?))
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
        let alive = self.alive.get_mut();
        has_ended(alive.unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Waits until the server, whose end of the pipe this is not, has ended.
fn has_ended(alive: Option<ChildStdout>) {
    let _ = alive.map(|mut pipe| pipe.read_to_end(&mut Vec::new()));
}

/// A process that outlives this one just long enough to end the server and remove its files: no
/// destructor runs after SIGKILL, or in a test that is cut off.
fn keeper(folder: &Path) -> Result<Child> {
    use std::os::unix::process::CommandExt as _;
    let mut shell = std::process::Command::new("sh");
    shell.args([
        "-c",
        "read -r _; kill -KILL \"$(cat \"$1/slapd.pid\")\"; rm -rf \"$1\"",
        "sh",
    ]);
    shell.arg(folder).current_dir("/");
    shell
        // Ctrl-C is for this process; the keeper hears of it by the closed pipe.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("starting sh")
}

/// An authority, and the server's certificate from it.
fn certify(folder: &Path) -> Result<()> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let server = CertificateParams::new(vec!["127.0.0.1".to_owned()])?;
    let server = server.signed_by(&key, &authority)?;
    fs::write(folder.join("ca.pem"), authority.pem())?;
    fs::write(folder.join("server.pem"), server.pem())?;
    write_private(&folder.join("server.key"), &key.serialize_pem())
}

fn write_private(path: &Path, text: &str) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    Ok(options.open(path)?.write_all(text.as_bytes())?)
}

fn random_text() -> Result<String> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).ok().context("random numbers")?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn now() -> Result<i64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(now.as_secs().try_into()?)
}

fn generalized_time(seconds: i64) -> Result<String> {
    let time = DateTime::from_timestamp(seconds, 0).context("no such time")?;
    Ok(time.format("%Y%m%d%H%M%SZ").to_string())
}

/// Programs for administrators are not on everybody's PATH.
fn program(name: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from(DEBIAN)])
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .context("OpenLDAP's server is not installed (Debian: slapd)")
}

async fn run(command: &mut Command) -> Result<String> {
    let name = Path::new(command.as_std().get_program()).to_owned();
    let ended = command.env("LDAPNOINIT", "").stdin(Stdio::null());
    let ended = ended.output().await;
    let ended =
        ended.with_context(|| format!("starting {} (Debian: ldap-utils)", name.display()))?;
    ensure!(
        ended.status.success(),
        "{}: {}",
        name.display(),
        String::from_utf8_lossy(&ended.stderr)
    );
    Ok(String::from_utf8(ended.stdout)?)
}

#[cfg(test)]
mod tests;
