//! An upstream that answers with whose request it is, or 401.

mod keyguard;

use std::{env, error::Error, thread};

use keyguard::Verifier;
use serde_json::{Value, json};
use tiny_http::{Header, Request, Response, Server};

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let verifier =
        Verifier::new(&env::var("ASSERTION_SECRETS")?, &env::var("ASSERTION_AUDIENCE")?)?;
    let server = Server::http("127.0.0.1:0")?;
    println!("{}", server.server_addr().to_ip().ok_or("no port")?.port());
    thread::scope(|scope| {
        for mut request in server.incoming_requests() {
            let verifier = &verifier;
            scope.spawn(move || {
                let (status, body) = answer(verifier, &mut request);
                let json =
                    Header::from_bytes("Content-Type", "application/json").expect("a header");
                let response = Response::from_string(body.to_string());
                // Whoever asked may be gone.
                let _ = request.respond(response.with_status_code(status).with_header(json));
            });
        }
    });
    Ok(())
}

fn answer(verifier: &Verifier, request: &mut Request) -> (u16, Value) {
    let _ = std::io::copy(request.as_reader(), &mut std::io::sink());
    let assertion =
        request.headers().iter().find(|header| header.field.equiv("Keyguard-Assertion"));
    let assertion = assertion.map_or("", |header| header.value.as_str());
    let path = request.url().split('?').next().unwrap_or_default();
    match verifier.verify(assertion, request.method().as_str(), path) {
        Ok(claims) => (
            200,
            json!({ "account": claims.account, "key_id": claims.key_id, "kind": claims.kind, "mode": claims.mode }),
        ),
        Err(error) => (401, json!({ "refused": error.to_string() })),
    }
}
