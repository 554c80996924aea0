//! nginx: HTTPS and HTTP of every host with a certificate of its own, ALPN through the stream module, and
//! the instance metadata service. Nothing of /etc/nginx is read.

use std::fmt::Write;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::pages;
use super::process::Process;
use crate::ca::Authority;
use crate::directory::{Directory, METADATA, Site};
use crate::namespace::Namespace;
use crate::spec::{LabSpec, Metadata, Service};

/// Where distributions put the module.
const STREAM_MODULES: [&str; 2] = [
    "/usr/lib/nginx/modules/ngx_stream_module.so",
    "/usr/lib64/nginx/modules/ngx_stream_module.so",
];

/// The two halves of a configuration.
#[derive(Default)]
struct Blocks {
    http: String,
    stream: String,
}

pub(super) fn start(
    internet: &Namespace,
    spec: &LabSpec,
    directory: &Directory,
    authority: &Authority,
    folder: &Path,
) -> Result<Process> {
    let mut blocks = Blocks::default();
    for (number, site) in directory.sites.iter().enumerate() {
        let is_https = |service: &Service| matches!(service, Service::Https { .. });
        let certificate = if site.spec.services.iter().any(is_https) {
            Some(authority.issue(site)?)
        } else {
            None
        };
        add_site(&mut blocks, site, certificate, folder, number);
    }
    blocks.http += &pages::servers(spec, directory, authority)?;
    if let Some(metadata) = &spec.metadata {
        blocks.http += &metadata_server(metadata);
    }
    let file = folder.join("nginx.conf");
    fs::write(&file, configuration(&blocks, folder)?)?;
    let (file, prefix) = (file.display().to_string(), folder.display().to_string());
    let arguments = ["-p", &prefix, "-e", "stderr", "-c", &file];
    Process::start(internet, "nginx", &arguments, folder)
}

fn add_site(
    blocks: &mut Blocks,
    site: &Site,
    certificate: Option<PathBuf>,
    folder: &Path,
    number: usize,
) {
    let certificate = certificate.unwrap_or_default();
    let certificate = format!("ssl_certificate {};", certificate.display());
    let (name, status) = (&site.spec.name, site.spec.status);
    let answer = format!("location / {{ return {status} \"{name}\\n\"; }}");
    for service in &site.spec.services {
        // Writing to a String cannot fail.
        let _ = match service {
            Service::Http { port } => {
                let listen = listen(site, *port, "");
                writeln!(blocks.http, "server {{ {listen} {answer} }}")
            }
            Service::Https { port, alpn } if alpn.is_empty() => {
                let listen = listen(site, *port, " ssl");
                writeln!(blocks.http, "server {{ {listen} {certificate} {answer} }}")
            }
            Service::Https { port, alpn } => {
                let socket = format!("unix:{}/{number}-{port}.sock", folder.display());
                let (listen, alpn) = (listen(site, *port, " ssl"), alpn.join(" "));
                let behind = format!("server {{ listen {socket}; {answer} }}");
                let _ = writeln!(blocks.http, "{behind}");
                writeln!(
                    blocks.stream,
                    "server {{ {listen} {certificate} ssl_alpn {alpn} http/1.1; proxy_pass {socket}; }}"
                )
            }
            _ => Ok(()),
        };
    }
}

fn listen(site: &Site, port: u16, options: &str) -> String {
    let directive = |address: &IpAddr| match address {
        IpAddr::V4(v4) => format!("listen {v4}:{port}{options};"),
        IpAddr::V6(v6) => format!("listen [{v6}]:{port}{options};"),
    };
    let addresses = site.addresses();
    let directives: Vec<_> = addresses.iter().map(directive).collect();
    directives.join(" ")
}

/// Like the real one: nothing without the header and a version, and nothing for what a proxy forwards.
fn metadata_server(metadata: &Metadata) -> String {
    let mut compute = serde_json::Map::new();
    let facts = [
        ("azEnvironment", &metadata.az_environment),
        ("location", &metadata.location),
    ];
    for (key, value) in facts {
        if let Some(value) = value {
            compute.insert(key.to_owned(), value.as_str().into());
        }
    }
    let document = serde_json::json!({ "compute": compute });
    let document = document.to_string().replace('\'', "");
    format!(
        "server {{ listen {METADATA}:80; default_type application/json; location / {{ return 404; }}\n\
         location = /metadata/instance {{\n\
         if ($http_metadata !~* \"^true$\") {{ return 400 '{{\"error\":\"Bad request. Required metadata header not specified\"}}'; }}\n\
         if ($http_x_forwarded_for) {{ return 400 '{{\"error\":\"Bad request. X-Forwarded-For is refused\"}}'; }}\n\
         if ($args !~ \"api-version=[0-9]+-[0-9]+-[0-9]+\") {{ return 400 '{{\"error\":\"Bad request. api-version was not specified\"}}'; }}\n\
         return 200 '{document}'; }} }}\n"
    )
}

fn configuration(blocks: &Blocks, folder: &Path) -> Result<String> {
    let folder = folder.display();
    let tls = format!(
        "ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate_key {folder}/certificates/key.pem;"
    );
    let (mut module, mut stream) = (String::new(), String::new());
    if !blocks.stream.is_empty() {
        let found = STREAM_MODULES
            .into_iter()
            .find(|path| Path::new(path).exists());
        let path = found.context(
            "nginx has no stream module, which ALPN needs; on Debian: apt-get install libnginx-mod-stream",
        )?;
        module = format!("load_module {path};\n");
        stream = format!("stream {{ {tls}\n{}}}\n", blocks.stream);
    }
    let http = &blocks.http;
    Ok(format!(
        "{module}daemon off; user root; worker_processes 1; worker_rlimit_nofile 16384;\n\
         pid {folder}/nginx.pid; error_log stderr notice;\n\
         events {{ worker_connections 8192; }}\n\
         http {{ access_log off; default_type text/plain; server_tokens off; {tls}\n\
         client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n\
         fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;\n\
         {http}}}\n{stream}"
    ))
}
