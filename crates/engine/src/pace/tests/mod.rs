//! The controller without a server: what always holds, and a simulation of server and clients.

mod controller;
mod simulation;
