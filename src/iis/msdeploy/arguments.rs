//! The command line of `msdeploy.exe`.
//!
//! An operation is a list of words `-NAME:VALUE`; a provider is `NAME=VALUE,SETTING=VALUE,…`, values with blanks, commas or
//! equal signs in quotes of either kind. There is no escape for a quote within the same quotes.

use std::path::Path;

use super::{Deployment, Destination, Error, Login, Remote};

/// The port of the Web Management Service.
const PORT: u16 = 8172;

/// The words of `-verb:sync` for a package.
///
/// # Errors
/// A value has both kinds of quotes in it.
pub fn sync(
    deployment: &Deployment,
    parameters: Option<&Path>,
    login: Option<&Path>,
) -> Result<Vec<String>, Error> {
    let mut words = vec![
        "-verb:sync".to_owned(),
        format!("-source:package={}", quoted(&deployment.package.to_string_lossy())?),
        destination(&deployment.destination, login)?,
    ];
    if let Some(file) = parameters {
        words.push(format!("-setParamFile:{}", quoted(&file.to_string_lossy())?));
    }
    // What belongs to the machine that built the package has no business on another one, as in `deploy.cmd`.
    words.extend(
        ["AppPoolExtension", "ContentExtension", "CertificateExtension"]
            .map(|link| format!("-disableLink:{link}")),
    );
    if deployment.app_offline {
        words.push("-enableRule:AppOffline".into());
    }
    if deployment.keep_files {
        words.push("-enableRule:DoNotDeleteRule".into());
    }
    if let Destination::Remote(Remote { allow_untrusted: true, .. }) = deployment.destination {
        words.push("-allowUntrusted".into());
    }
    // Its own tries, for a network that is interrupted for a moment.
    words.extend(["-retryAttempts:2".to_owned(), "-retryInterval:1000".to_owned()]);
    if deployment.what_if {
        words.push("-whatif".into());
    }
    Ok(words)
}

fn destination(destination: &Destination, login: Option<&Path>) -> Result<String, Error> {
    let Destination::Remote(remote) = destination else {
        return Ok("-dest:auto,includeAcls='False'".into());
    };
    let mut word = "-dest:auto".to_owned();
    // A file of somebody else names the service itself.
    if !matches!(remote.login, Login::PublishSettings(_)) || !remote.address.is_empty() {
        word = format!("{word},computerName={}", quoted(&service(remote))?);
    }
    if let Some(file) = login {
        word = format!("{word},publishSettings={}", quoted(&file.to_string_lossy())?);
    }
    let basic = matches!(remote.login, Login::Password { .. }).then_some("Basic");
    if let Some(kind) = remote.auth_type.as_deref().or(basic) {
        word = format!("{word},authType={}", quoted(kind)?);
    }
    Ok(word + ",includeAcls='False'")
}

/// The URL of the service: as it was given, or that of the Web Management Service of a machine.
pub fn service(remote: &Remote) -> String {
    let address = remote.address.trim_end_matches('/');
    let mut url = if address.contains("://") {
        address.to_owned()
    } else if has_port(address) {
        format!("https://{address}/msdeploy.axd")
    } else {
        format!("https://{address}:{PORT}/msdeploy.axd")
    };
    if let Some(site) =
        remote.site.as_deref().filter(|_| !url.contains("?site=") && url.contains("msdeploy.axd"))
    {
        let escaped = site.replace('%', "%25").replace(' ', "%20").replace('&', "%26").replace('#', "%23");
        url = format!("{url}?site={escaped}");
    }
    url
}

fn has_port(address: &str) -> bool {
    address
        .rsplit_once(':')
        .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

fn quoted(value: &str) -> Result<String, Error> {
    match (value.contains('\''), value.contains('"')) {
        (false, _) => Ok(format!("'{value}'")),
        (true, false) => Ok(format!("\"{value}\"")),
        (true, true) => Err(Error::Quotes { value: value.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn remote(address: &str, site: Option<&str>) -> Remote {
        Remote {
            address: address.into(),
            site: site.map(str::to_owned),
            login: Login::Password { user: "u".into(), password: Secret::new("very secret") },
            auth_type: None,
            allow_untrusted: true,
        }
    }

    #[test]
    fn a_machine_becomes_the_url_of_its_service() {
        for (address, site, url) in [
            ("web1", None, "https://web1:8172/msdeploy.axd"),
            ("web1", Some("My Site"), "https://web1:8172/msdeploy.axd?site=My%20Site"),
            ("web1:443", Some("a"), "https://web1:443/msdeploy.axd?site=a"),
            ("http://web1/MsDeployAgentService", Some("a"), "http://web1/MsDeployAgentService"),
            ("https://w/msdeploy.axd?site=b", Some("a"), "https://w/msdeploy.axd?site=b"),
        ] {
            assert_eq!(service(&remote(address, site)), url);
        }
    }

    #[test]
    fn nothing_that_is_secret_is_on_the_command_line() {
        let mut deployment = Deployment::new("C:/a b/x.zip");
        deployment.parameters = vec![("Password".into(), "also secret".into())];
        deployment.destination = Destination::Remote(remote("web1", None));
        let words =
            sync(&deployment, Some(Path::new("p.xml")), Some(Path::new("l.publishSettings"))).unwrap();
        assert!(!words.join(" ").contains("secret"), "{words:?}");
        assert_eq!(words[1], "-source:package='C:/a b/x.zip'");
        assert_eq!(
            words[2],
            "-dest:auto,computerName='https://web1:8172/msdeploy.axd',publishSettings='l.publishSettings',authType='Basic',\
             includeAcls='False'"
        );
        assert!(words.contains(&"-allowUntrusted".to_owned()) && !words.contains(&"-whatif".to_owned()));
    }

    #[test]
    fn quotes_are_of_the_kind_that_the_value_has_not() {
        assert_eq!(quoted("it's").unwrap(), "\"it's\"");
        assert!(quoted("it's \"x\"").is_err());
    }
}
