//! Log files in a watched folder: followed through rotation, truncation and half lines; REST and files meet.

use crate::data_center::{PRODUCTS, Site, small};
use crate::world::{Kind, World, on_both};
use auditgraph::sandbox::Instance;
use auditgraph::source::Part;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

on_both!(
    an_event_in_a_file_and_in_rest_is_one,
    files_are_followed_through_everything,
);

fn append(file: &Path, text: &str) {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.create(true).append(true).open(file).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

async fn site_with_folder(world: &mut World, place: usize, folder: &Path) -> Site {
    let folder = folder.to_owned();
    let (clock, seed) = (world.clock.clone(), 20 + place as u64);
    Site::new(
        world,
        PRODUCTS[place],
        small(seed),
        clock,
        move |_, settings| {
            settings.audit_log_folder = folder;
        },
    )
    .await
}

fn lines(site: &Site) -> Vec<String> {
    let written = site.sandbox.written(site.instance).into_iter();
    written.map(|row| row.line + "\n").collect()
}

async fn an_event_in_a_file_and_in_rest_is_one(kind: Kind) {
    let mut world = World::new(kind).await;
    for place in 0..PRODUCTS.len() {
        let folder = tempfile::tempdir().unwrap();
        let site = site_with_folder(&mut world, place, folder.path()).await;
        append(
            &folder.path().join("20261120.00000.audit.log"),
            &lines(&site).concat(),
        );
        let expected = site.sandbox.written(site.instance).len();
        let parts: &[Part] = if place == 1 {
            &[Part::Events, Part::History, Part::Files]
        } else {
            &[Part::Files, Part::Events, Part::History]
        };
        let mut new = 0;
        for part in parts {
            new += world.sync(&site.name, *part).await.unwrap().new;
        }
        assert_eq!(new, expected as u64, "{}", site.name);
        assert_eq!(site.stored(&world).await.len(), expected);
    }
}

async fn files_are_followed_through_everything(kind: Kind) {
    let mut world = World::new(kind).await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| -> PathBuf { folder.path().join(name) };
    let site = site_with_folder(&mut world, 0, folder.path()).await;
    site.sandbox.write(Instance::Bitbucket, 60);
    let mut all = lines(&site);
    // Three identical lines lie across all that follows.
    let same = all[40].clone();
    all.splice(41..41, [same.clone(), same]);
    let mut written = 0;
    let mut expect = async |world: &World, count: usize, why: &str| {
        let outcome = world.sync(&site.name, Part::Files).await.unwrap();
        written += count as u64;
        assert_eq!(outcome.new, count as u64, "{why}");
        assert_eq!(site.stored(world).await.len() as u64, written, "{why}");
    };

    let current = file("20261120.00000.audit.log");
    expect(&world, 0, "an empty folder").await;
    append(&current, &all[..20].concat());
    append(&file("notes.txt"), "not a log\n");
    expect(&world, 20, "the first lines").await;
    expect(&world, 0, "nothing new").await;
    let (start, end) = all[20].split_at(50);
    append(&current, start);
    expect(&world, 0, "half a line waits").await;
    append(&current, end);
    expect(&world, 1, "the other half").await;
    append(&current, &all[21..41].concat());
    expect(&world, 20, "up to the first of three identical lines").await;
    append(&current, &all[41]);
    expect(&world, 1, "the second of them").await;

    let next = file("20261120.00001.audit.log");
    append(&next, &all[42..50].concat());
    expect(&world, 8, "the third is in the next file").await;
    append(&next, &all[50..52].concat());
    std::fs::rename(&next, file("20261120.00001.audit.log.1")).unwrap();
    append(&next, &all[52..55].concat());
    expect(&world, 5, "renamed with unread lines, and begun anew").await;
    std::fs::write(&next, all[55..58].concat()).unwrap();
    expect(&world, 3, "cut off and replaced").await;
    append(&next, "this is no record\n{\"half\": \n");
    append(&next, &all[58..60].concat());
    expect(&world, 2, "damaged lines are passed over").await;
    std::fs::remove_file(&current).unwrap();
    append(&next, all[60].trim_end());
    expect(&world, 0, "the last line is not over yet").await;
    append(&file("20261121.00000.audit.log"), &all[61..].concat());
    expect(
        &world,
        all.len() - 60,
        "a file that no longer grows is over",
    )
    .await;
    world.clock.advance(Duration::from_mins(1));
    expect(&world, 0, "all has been read").await;

    drop(folder);
    let gone = world.sync(&site.name, Part::Files).await.unwrap_err();
    assert!(gone.to_string().contains("audit_log_folder"), "{gone}");
}
