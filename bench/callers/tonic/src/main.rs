//! Asks jobs with tonic: grpc-tonic-caller HOST:PORT one|64|20/s SECONDS. Prints one line of JSON.
use std::time::{Duration, Instant};
use tokio_stream::{wrappers::ReceiverStream, StreamExt};
use tonic::{client::Grpc, codegen::http::uri::PathAndQuery, transport::Channel, Request, Status};
use tonic_prost::ProstCodec;

#[derive(Clone, PartialEq, prost::Message)]
struct RunJobRequest {
    #[prost(int32, tag = "1")]
    kind: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct RunJobResponse {
    #[prost(string, tag = "1")]
    result: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct TaggedJob {
    #[prost(uint64, tag = "1")]
    tag: u64,
    #[prost(int32, tag = "2")]
    kind: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct RunJobsRequest {
    #[prost(message, repeated, tag = "1")]
    jobs: Vec<TaggedJob>,
}

/// Its results are left as bytes.
#[derive(Clone, PartialEq, prost::Message)]
struct RunJobsResponse {
    #[prost(bytes = "vec", repeated, tag = "1")]
    results: Vec<Vec<u8>>,
}

async fn ready(client: &mut Grpc<Channel>) -> Result<(), Status> {
    client.ready().await.map_err(|error| Status::unavailable(error.to_string()))
}

async fn unary(channel: Channel, end: Instant) -> (u64, Vec<String>) {
    let (mut jobs, mut failed) = (0, Vec::new());
    let mut client = Grpc::new(channel);
    while Instant::now() < end {
        let path = PathAndQuery::from_static("/trireme.v1.JobService/RunJob");
        let codec = ProstCodec::<RunJobRequest, RunJobResponse>::default();
        let answer = match ready(&mut client).await {
            Ok(()) => client.unary(Request::new(RunJobRequest { kind: 1 }), path, codec).await.map(|_| ()),
            Err(status) => Err(status),
        };
        match answer {
            Ok(()) => jobs += 1,
            Err(status) => failed.push(status.to_string()),
        }
    }
    (jobs, failed)
}

async fn stream(channel: Channel, per_second: u32, end: Instant) -> (u64, Vec<String>) {
    let (sender, receiver) = tokio::sync::mpsc::channel(16);
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / per_second);
        let mut tag = 0;
        while Instant::now() < end {
            ticks.tick().await;
            tag += 1;
            let request = RunJobsRequest { jobs: vec![TaggedJob { tag, kind: 1 }] };
            if sender.send(request).await.is_err() {
                break;
            }
        }
    });
    let mut client = Grpc::new(channel);
    let path = PathAndQuery::from_static("/trireme.v1.JobService/RunJobs");
    let codec = ProstCodec::<RunJobsRequest, RunJobsResponse>::default();
    let mut jobs = 0;
    if let Err(status) = ready(&mut client).await {
        return (0, vec![status.to_string()]);
    }
    match client.streaming(Request::new(ReceiverStream::new(receiver)), path, codec).await {
        Err(status) => (0, vec![status.to_string()]),
        Ok(answers) => {
            let mut answers = answers.into_inner();
            while let Some(answer) = answers.next().await {
                match answer {
                    Ok(answer) => jobs += answer.results.len() as u64,
                    Err(status) => return (jobs, vec![status.to_string()]),
                }
            }
            (jobs, Vec::new())
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, target, mode, seconds] = &arguments[..] else {
        return Err("usage: grpc-tonic-caller HOST:PORT one|64|20/s SECONDS".into());
    };
    let channel = Channel::from_shared(format!("http://{target}"))?.connect().await?;
    let end = Instant::now() + Duration::from_secs_f64(seconds.parse()?);
    let (mut jobs, mut failed) = (0, Vec::new());
    if let Some(rate) = mode.strip_suffix("/s") {
        (jobs, failed) = stream(channel, rate.parse()?, end).await;
    } else {
        let callers = if mode == "one" { 1 } else { mode.parse()? };
        let tasks: Vec<_> = (0..callers).map(|_| tokio::spawn(unary(channel.clone(), end))).collect();
        for task in tasks {
            let (more, errors) = task.await?;
            jobs += more;
            failed.extend(errors);
        }
    }
    let mut counts = std::collections::BTreeMap::new();
    for words in failed {
        *counts.entry(format!("{words:?}")).or_insert(0) += 1;
    }
    let failed: Vec<String> = counts.iter().map(|(words, count)| format!("{words}:{count}")).collect();
    println!("{{\"jobs\":{jobs},\"failed\":{{{}}}}}", failed.join(","));
    Ok(())
}
