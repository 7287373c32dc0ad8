module switchyard/toolchain/test/image

go 1.26
